"""One line for each assertion, with the figure that was seen."""

from __future__ import annotations

failed: list[str] = []


def say(good: bool, text: str) -> None:
    """Print whether something is as it must be; what is not is counted."""
    print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)
    if not good:
        failed.append(text)


def tell(text: str) -> None:
    """Print a figure that nothing is asserted about."""
    print(f"     {text}", flush=True)

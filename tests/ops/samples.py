"""What `/metrics` says, as numbers."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Samples(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Samples by name and labels, read from the text of a scrape."""

    def __init__(self, text: str) -> None:
        super().__init__(
            ((sample.name, frozenset(sample.labels.items())), sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        )

    def of(self, name: str, **labels: str) -> float:
        """Returns the value of one sample; `KeyError` when there is none."""
        return self[name, frozenset(labels.items())]

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self}


async def scrape(browser: httpx.AsyncClient) -> Samples:
    """Returns what the portal's metrics say now."""
    answer = await browser.get("/metrics")
    assert answer.status_code == 200, answer.text
    return Samples(answer.text)

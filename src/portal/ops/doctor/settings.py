"""What `portal doctor` finds in the settings alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from portal.accounts import demo
from portal.config.addresses import Network, is_private
from portal.config.settings import Settings
from portal.ops.doctor.result import CheckResult, fail, ok, warn
from portal.web import traces

if TYPE_CHECKING:
    from portal.config.dsn import Dsn


def problems(sentences: Iterable[str]) -> Iterator[CheckResult]:
    """Every sentence names its variable and says what it must be."""
    found = [fail("settings", sentence) for sentence in sentences]
    yield from found or [ok("settings", "all of them can be used")]


def plausibility(settings: Settings) -> Iterator[CheckResult]:
    """What can be used, and is still not what one wants."""
    if settings.seed_db and settings.demo_refused:
        yield fail("SEED_DB", demo.REFUSED)
    yield from _address(settings)
    yield from _proxies(settings)
    if unsent := traces.refusal(settings):
        yield warn("traces", unsent)
    dsns = (settings.database, settings.direct if settings.direct != settings.database else None)
    for dsn in filter(None, dsns):
        yield from _encryption(dsn)
        if dsn.ignored:
            yield warn(dsn.variable, f"these parameters have no effect: {', '.join(dsn.ignored)}")


def _address(settings: Settings) -> Iterator[CheckResult]:
    url = settings.public_url
    if url is None:
        if settings.app_env == "production":
            yield warn(
                "PUBLIC_URL",
                "is not set. On a public site set it to what people type: it keeps demo accounts"
                " out, and marks the address in links. Without it people stay signed in over https"
                " and on this machine only: plain http:// needs it too.",
            )
    elif url.loopback:
        yield warn("PUBLIC_URL", f"{url} can be reached from this machine only")
    elif url.scheme == "http":
        yield warn("PUBLIC_URL", f"{url}: passwords travel unencrypted. Serve it over https.")
    else:
        yield ok("PUBLIC_URL", str(url))


def _proxies(settings: Settings) -> Iterator[CheckResult]:
    everyone = [network for network in settings.trusted_proxies if _too_wide(network)]
    if everyone:
        yield fail(
            "TRUSTED_PROXIES",
            f"{', '.join(map(str, everyone))} lets strangers claim any address, and so escape the"
            " limit on sign-ins: name your proxies' own network.",
        )
    elif settings.trusted_proxies:
        yield ok("TRUSTED_PROXIES", ", ".join(map(str, settings.trusted_proxies)))
    elif settings.public_url and settings.public_url.scheme == "https":
        yield warn(
            "TRUSTED_PROXIES",
            "is not set. Behind a proxy that ends TLS, set it to the proxy's network: everybody"
            " else seems to come from the proxy's address.",
        )


def _too_wide(network: Network) -> bool:
    """Returns True for what is wider than the widest private networks, 10.0.0.0/8 and fc00::/7."""
    return network.prefixlen < (8 if network.version == 4 else 7)


def _encryption(dsn: Dsn) -> Iterator[CheckResult]:
    if all(map(is_private, dsn.hosts)) or dsn.tls.verified:
        return
    if dsn.tls.mode == "require":
        yield warn(
            dsn.variable,
            "encrypted, but the server's certificate is not checked: sslmode=verify-full does.",
        )
    else:
        yield fail(
            dsn.variable,
            f"sslmode={dsn.tls.mode} may send everything unencrypted over a public network: use"
            " sslmode=verify-full, or at least require.",
        )

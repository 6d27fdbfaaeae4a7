"""Is the site there, with a certificate that browsers trust? Run by up.sh in a portal's container.

Asks Caddy itself, as visitors do who type PUBLIC_URL. The one argument: how many seconds Caddy may
take to get the certificate. Prints one sentence; exit 1 when the answer is no.
"""

import os
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

PAUSE = 2.0


def ask(host: str) -> str:
    """Returns what was seen; OSError or ValueError when it is not what visitors must see."""
    context = ssl.create_default_context()
    with (
        socket.create_connection(("caddy", 443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        certificate = tls.getpeercert() or {}
        tls.sendall(
            f"GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        status = tls.makefile("rb").readline().decode("latin-1").split(" ", 2)[1:2]
    if status != ["200"]:
        raise ValueError(f"/health/ready answers {' '.join(status) or 'nothing'}")
    issuer = dict(pair for part in certificate["issuer"] for pair in part)
    by = issuer.get("organizationName") or issuer.get("commonName")
    return f"is ready; its certificate, by {by}, ends on {certificate['notAfter']}"


def addresses(host: str) -> str:
    try:
        found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, 443)})
    except OSError:
        return f"{host} has no address in the DNS"
    return f"{host} leads to {', '.join(found)}, which must be this server"


def main(seconds: float) -> int:
    url = os.environ["PUBLIC_URL"]
    host = urlsplit(url).hostname or ""
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = ask(host)
        except (OSError, ValueError) as error:
            # Who does not trust the certificate now will not do so in a minute.
            final = isinstance(error, ssl.SSLCertVerificationError)
            if not final and time.monotonic() + PAUSE < deadline:
                time.sleep(PAUSE)
                continue
            print(
                f"{url} cannot be visited yet: {error}. {addresses(host)}, with ports 80 and 443"
                " open to everybody. docker compose logs caddy says more.",
                file=sys.stderr,
            )
            return 1
        print(f"{url} {seen}. {addresses(host)}.")
        return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))

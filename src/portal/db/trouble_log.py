"""Log lines about a database that answers, but refuses a statement or keeps a request waiting."""

from __future__ import annotations

import logging
import re
import time

import asyncpg

from portal.db.failures import NoConnectionFree
from portal.db.reasons import explain

log = logging.getLogger("db/engine")

INTERVAL_SECONDS = 60.0

# In whatever language, quoted or as the last word: these errors name an object and hold no value.
_QUOTED = re.compile(r'["«„“]\s*([A-Za-z_][\w.$]{0,62})\s*["»“”]')
_LAST = re.compile(r"([A-Za-z_][\w.$]{0,62})\s*$")

TIMED_OUT = "no answer in time: look for a lock or a long statement in pg_stat_activity."


class TroubleLog:
    """One line per kind of trouble and minute; a line has the route of the request in it."""

    def __init__(self) -> None:
        self._logged_at: dict[object, float] = {}

    def write_refused(self, cause: BaseException) -> None:
        """Others read in the meantime: this is not about the server as a whole."""
        self._log(type(cause), f"the database refuses to write: {explain(cause)}")

    def timed_out(self, cause: BaseException) -> None:
        """A request was given up, because of a lock, a limit, or a pool that is in use."""
        reason = explain(cause)
        if isinstance(cause, TimeoutError) and not isinstance(cause, NoConnectionFree):
            reason = TIMED_OUT
        self._log(type(cause), f"a request waited for the database in vain: {reason}")

    def statement_refused(self, cause: asyncpg.PostgresError) -> None:
        """The schema or its rights are not what this version needs."""
        name = named_in(cause)
        context = {} if name is None else {"object": name}
        self._log(
            (type(cause), name), f"the database refuses a statement: {explain(cause)}", context
        )

    def _log(self, key: object, line: str, context: dict[str, str] | None = None) -> None:
        now = time.monotonic()
        if now - self._logged_at.get(key, float("-inf")) < INTERVAL_SECONDS:
            return
        self._logged_at[key] = now
        log.error("%s", line.rstrip("."), extra={"context": context or {}})


def named_in(error: asyncpg.PostgresError) -> str | None:
    """Returns the table, column or schema that the server's message names, or None."""
    message = str(error).partition("\n")[0]
    found = _QUOTED.search(message) or _LAST.search(message)
    return found[1] if found else None

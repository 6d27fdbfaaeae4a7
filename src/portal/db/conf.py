"""Piccolo's configuration: the direct engine only, so that no migration can go through a pooler."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry

from portal.config.settings import Settings
from portal.db.engine import Engine

# A migration that waits behind a long transaction blocks every request that comes after it.
LOCK_WAIT = "10s"


def _direct_engine() -> Engine:
    direct = Settings.from_env().require_direct()
    return Engine(direct, pool_size=1, statement_seconds=None, lock_wait=LOCK_WAIT)


DB = _direct_engine()
APP_REGISTRY = AppRegistry(apps=["portal.piccolo_app"])

"""`portal.asgi:app`, for servers that want an import path. `portal serve` does not need it.

Limits on connections are then that server's own: `web/listener.py` belongs to `portal serve`."""

from __future__ import annotations

from portal.app import create_app
from portal.config.settings import Settings
from portal.web import log

_settings = Settings.from_env()
log.configure(
    app_env=_settings.app_env, log_format=_settings.log_format, access_log=_settings.access_log
)
app = create_app(_settings)

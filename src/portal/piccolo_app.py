"""The single Piccolo app: all tables, and where their migrations lie."""

from __future__ import annotations

from piccolo.conf.apps import AppConfig

from portal.db.migrations import migrations_folder
from portal.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="portal",
    migrations_folder_path=str(migrations_folder()),
    table_classes=list(TABLES),
)

"""For Piccolo's own commands, started in this folder. It knows the direct DSN only."""

from portal.db.conf import APP_REGISTRY, DB

__all__ = ["APP_REGISTRY", "DB"]

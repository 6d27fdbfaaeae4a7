"""From an empty database to a portal that answers: release, demo accounts, health."""

"""Changes to people and teams: roles, moves, disabling, erasing. Every one is audited."""

"""Piccolo Admin over all tables, for one person at this machine."""

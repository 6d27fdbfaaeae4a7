"""Backups: made, checked and restored."""

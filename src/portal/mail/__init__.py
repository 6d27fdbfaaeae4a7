"""Mails: rendered, delivered, and remembered."""

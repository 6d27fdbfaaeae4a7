"""The HTTP kit. Knows no domain."""

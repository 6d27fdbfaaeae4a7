"""What an operator runs against an installation."""

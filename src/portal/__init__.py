"""AI Training Portal: a Litestar service that teaches a company's people to use AI."""

__version__ = "0.1.0"

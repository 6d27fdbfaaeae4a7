"""Teams, people, sessions and signing in."""

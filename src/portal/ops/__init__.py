"""What an operator runs: release, seed, checks."""

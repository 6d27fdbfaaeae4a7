"""The learner's home."""

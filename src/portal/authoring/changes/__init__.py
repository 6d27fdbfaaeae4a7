"""What changes from one course to another, and whom it touches."""

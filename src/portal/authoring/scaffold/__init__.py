"""New steps, topics and videos as source files to fill in."""

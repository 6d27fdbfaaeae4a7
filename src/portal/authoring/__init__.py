"""Writing the course: reading its sources, checking them, compiling them. No request runs this."""

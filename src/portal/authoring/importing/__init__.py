"""Courses from elsewhere, turned into source files."""

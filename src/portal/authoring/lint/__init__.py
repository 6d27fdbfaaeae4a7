"""What is wrong with a course, or could be better, before anybody takes it."""

"""Search over the course, and over the explanations that the learner has already seen."""

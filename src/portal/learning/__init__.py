"""The course and what each learner has done in it."""

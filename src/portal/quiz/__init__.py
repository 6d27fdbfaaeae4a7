"""Questions for taking, answers, attempts, grading, and the figures made from them."""

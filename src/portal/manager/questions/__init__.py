"""Which question is bad: statistics and learners' reports, over the whole company."""

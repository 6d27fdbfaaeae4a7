"""Points, best attempts, totals, ranks and streaks. Knows nothing of questions."""

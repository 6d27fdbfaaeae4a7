"""Points, best attempts, totals, ranks and streaks. Knows attempts and points, nothing of questions."""

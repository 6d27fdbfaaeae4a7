"""Who is ahead: the ranking of a track or team."""

"""Hours of the day, by the wall clock of a zone."""

"""Section B: the criteria of a continuation."""

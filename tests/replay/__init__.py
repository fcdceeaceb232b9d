"""Replay: a whole population through the same determination as a hook call."""

"""Limits B, page 7: the hematologic table."""

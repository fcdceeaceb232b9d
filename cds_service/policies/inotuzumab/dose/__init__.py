"""Limits B, pages 5 and 6: the dose table, the order against it, and the days between doses."""

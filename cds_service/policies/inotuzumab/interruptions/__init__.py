"""Limits B, page 7: interruptions of treatment, their reasons, and the reductions that follow."""

"""Stem cell transplants: those done, those planned, and those that are not to be, as recorded or as texts tell."""

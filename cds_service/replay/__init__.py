"""Replay: what the policies would have said of every order of a population, from a bulk export.

``reading`` splits the lines by patient, ``deciding`` answers each order as a hook call would have,
``results`` writes the answers down. ``local`` and ``spark`` are the two engines that bring these together.
"""

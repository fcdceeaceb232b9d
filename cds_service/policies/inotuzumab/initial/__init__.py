"""Indications and section A: the criteria of an initial request."""

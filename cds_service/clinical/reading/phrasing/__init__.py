"""Constructions with places to fill, such as "from her HLA-identical sister" and "is scheduled to undergo"."""

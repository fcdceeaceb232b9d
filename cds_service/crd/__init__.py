"""Da Vinci CRD 2.2.1: the same determinations as coverage-information on the orders, and cards of one kind each.

Decides nothing about an order: which Coverage counts, how a verdict is put in the guide's codes, and what of a
call the guide forbids. Sees no Flask.
"""

"""The prior-authorization packet: the payer's form, its answers from a determination, and a request draft.

Pure functions of determination, record, orders, clock and public address. Names no drug and sees no Flask.
"""

"""The sandbox EHR as a DTR client: a payer's form with the answers that came with it, to complete and download."""

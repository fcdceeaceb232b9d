"""The detail page as values: what a determination and its record look like to a reader. No Flask, no HTTP."""

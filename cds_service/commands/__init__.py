"""The commands of ``cds-service``, a module for each group of them."""

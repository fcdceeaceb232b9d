"""Who may call this service, and whom it may call."""

"""What is kept: one database, reached by the doors only."""

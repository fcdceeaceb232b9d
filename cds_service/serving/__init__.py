"""What surrounds the application in production: the start, the workers, and their counters."""

"""The HTTP edge of every door: what comes in, who may call, what goes out, and how errors are answered."""

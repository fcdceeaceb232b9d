"""The policy engine: verdicts, the outline of a policy and the determination. Names no drug."""

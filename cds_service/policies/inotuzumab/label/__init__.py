"""What the FDA label asks beyond the policy: liver tests, cytoreduction, pregnancy."""

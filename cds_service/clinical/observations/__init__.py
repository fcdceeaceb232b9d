"""Results: their concepts, values, units and dates."""

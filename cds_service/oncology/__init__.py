"""A cancer drug given in cycles: its doses, their count, what runs beside them. Drug and limits are arguments; cites no policy."""

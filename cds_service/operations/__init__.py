"""What whoever runs the service sees of it: logs, metrics, audit events. No patient's data but ids."""

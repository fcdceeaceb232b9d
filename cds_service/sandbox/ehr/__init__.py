"""The EHR behind the sandbox's pages: its FHIR API with faults on demand, its front desk, its SMART server."""

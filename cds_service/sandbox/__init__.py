"""The built-in EHR for demo and tests: a FHIR API, an order page and a SMART server. Development only."""

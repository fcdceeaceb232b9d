"""How a record reaches the service: prefetch first, then the EHR's FHIR server, within one deadline."""

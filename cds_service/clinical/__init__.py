"""FHIR to clinical facts, each with its evidence. Knows no policy and no verdict."""

"""Reading FHIR R4 JSON: the record, references, codings, quantities and dates. Knows no clinical concept."""

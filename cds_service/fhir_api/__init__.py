"""Door 3: the FHIR base of a DTR payer service. Forms, libraries, the form package, and tokens for them."""

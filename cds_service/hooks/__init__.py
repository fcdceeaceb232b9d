"""Door 1: the CDS Hooks service. Discovery, order-sign and feedback over HTTP."""

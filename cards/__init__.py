"""Determinations to CDS Hooks cards. Never sees a record, a FHIR server or Flask."""

from cards.render import render

__all__ = ["render"]

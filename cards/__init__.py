"""Determinations to CDS Hooks cards. Never sees a record, a FHIR server or Flask."""

from cards.render import CardForm, render

__all__ = ["CardForm", "render"]

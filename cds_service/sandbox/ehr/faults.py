"""Faults that the sandbox EHR plays on demand, so that every refusal of the detail view can be seen."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong in one launch. The value is what the order page's form sends."""

    NONE = ""
    DENIED = "denied"
    SCOPE_REFUSED = "scope-refused"
    SCOPE_NARROWED = "scope-narrowed"
    NO_ID_TOKEN = "no-id-token"
    WRONG_NONCE = "wrong-nonce"
    WRONG_ISSUER = "wrong-issuer"
    WRONG_AUDIENCE = "wrong-audience"
    PATIENT_USER = "patient-user"
    NO_PATIENT = "no-patient"
    TOKEN_FAILS = "token-fails"
    TOKEN_HANGS = "token-hangs"
    TOKEN_OVER = "token-over"
    FHIR_UNAUTHORIZED = "fhir-unauthorized"
    FHIR_FORBIDDEN = "fhir-forbidden"
    FHIR_DOWN = "fhir-down"
    FHIR_HANGS = "fhir-hangs"


WORDS = {
    Fault.NONE: "nothing",
    Fault.DENIED: "sign-in is denied",
    Fault.SCOPE_REFUSED: "the scopes are refused",
    Fault.SCOPE_NARROWED: "only Patient and Condition are granted",
    Fault.NO_ID_TOKEN: "no id_token is sent",
    Fault.WRONG_NONCE: "the id_token has another nonce",
    Fault.WRONG_ISSUER: "the id_token has another issuer",
    Fault.WRONG_AUDIENCE: "the id_token is for another client",
    Fault.PATIENT_USER: "the user is a patient",
    Fault.NO_PATIENT: "no patient is in context",
    Fault.TOKEN_FAILS: "the token endpoint fails",
    Fault.TOKEN_HANGS: "the token endpoint hangs",
    Fault.TOKEN_OVER: "the token is over at once",
    Fault.FHIR_UNAUTHORIZED: "the FHIR server no longer takes the token",
    Fault.FHIR_FORBIDDEN: "the FHIR server refuses access",
    Fault.FHIR_DOWN: "the FHIR server is down",
    Fault.FHIR_HANGS: "the FHIR server hangs",
}
HANGS_S = 12


def fault_named(name: object) -> Fault:
    """The fault of a form's value; an unknown name is none."""
    return next((fault for fault in Fault if fault.value == name), Fault.NONE)

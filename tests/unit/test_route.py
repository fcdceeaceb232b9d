"""Whether a drug is given into the cerebrospinal fluid, by its stated route or in words."""

import pytest

from cds_service.clinical.therapy.route import Route, route_of

V2 = "http://terminology.hl7.org/CodeSystem/v2-0162"
V3 = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
SNOMED = "http://snomed.info/sct"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"


def routed(*routes, text=""):
    return route_of([{"route": route} for route in routes], (text,))


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize(
    "route",
    [coded(V2, "IT"), coded(V3, "ITINJ"), coded(SNOMED, "72607000"), {"text": "IT"}, {"text": "Intraventricular"}, {"text": "INTRATHECAL"}, {"text": "via Ommaya reservoir"}, coded(NCIT, "C38267"),
     coded("http://ncimeta.nci.nih.gov", "C38267"), {"text": "Intraspinal"}, {"text": "Vía intratecal"}],
)  # fmt: skip
def test_a_stated_intrathecal_route(route):
    assert routed(route) is Route.INTRATHECAL


@pytest.mark.parametrize(
    "text",
    [
        "12 mg IT", "12mg IT", "IT prophylaxis", "IT x1", "IT via LP", "15 mg IT on day 2", "triple IT therapy", "Give IT", "with LP", "methotrexate (PF) IT syringe",
        "IT MTX 12 mg", "12 MG IT", "IT X1", "by intraventricular route", "Intra-thecal", "cytarabine IT",
    ],
)  # fmt: skip
def test_the_route_in_words(text):
    assert route_of((), (text,)) is Route.INTRATHECAL


@pytest.mark.parametrize(
    "text",
    [
        "1 g/m2 IV over 24 h", "HOLD IT IF ANC LOW", "Give IV. Hold it if fever.", "TAKE IT WITH FOOD", "FATAL IF GIVEN INTRATHECALLY", "Not for intrathecal use",
        "IV only. Fatal if given by the intrathecal route.", "IV day 1, never IT", "Not for intraspinal use", "",
    ],
)  # fmt: skip
def test_words_that_name_no_intrathecal_route(text):
    assert route_of((), (text,)) is Route.OTHER


def test_what_names_both_is_mixed_and_a_stated_route_goes_before_words():
    assert route_of((), ("1 g/m2 IV day 1, 12 mg IT day 2",)) is Route.MIXED
    assert routed({"text": "Intravenous"}, coded(SNOMED, "72607000")) is Route.MIXED
    assert routed(coded(NCIT, "C38276"), text="with IT cytarabine") is Route.OTHER
    assert routed(coded(V2, "IV"), text="with IT cytarabine") is Route.OTHER
    assert routed({"text": "Injection"}, text="12 mg IT") is Route.INTRATHECAL

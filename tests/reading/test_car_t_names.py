"""CAR-T cells by all their names: earlier therapy, a procedure, and a treatment after which something was so."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.clinical.therapy.drugs import drugs_in_text

TODAY = date(2026, 4, 13)


@pytest.mark.parametrize(
    "name",
    [
        "obe-cel", "brexu-cel", "tisa-cel", "brexucabtagene autoleucel", "Aucatzyl", "chimeric antigen receptor T-cell therapy",
        "chimeric antigen receptor (CAR) T-cell therapy", "CAR T-cell therapy",
    ],
)  # fmt: skip
def test_they_are_earlier_therapy(name):
    assert {a.time for a in read(f"s/p {name} 2025", "therapy", TODAY).assertions} == {"past"}
    assert not read(f"CR after {name}", "response", TODAY).values
    assert not read(f"MRD negative after {name}", "mrd", TODAY).values


@pytest.mark.parametrize(
    "text", ["obe-cel infusion", "Chimeric antigen receptor T-cell therapy", "Infusion of tisa-cel"]
)
def test_they_are_a_procedure(text):
    assert read(text, "car-t", TODAY).values == {"car-t"}


@pytest.mark.parametrize("text", ["obe-cel consult", "Referral for brexu-cel", "Leukapheresis for tisa-cel"])
def test_what_is_only_planned_around_them_is_none(text):
    assert not read(text, "car-t", TODAY).values


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("obe-cel", "obecabtagene"),
        ("brexu-cel", "brexucabtagene"),
        ("tisa-cel", "tisagenlecleucel"),
        ("probe-cell", None),
    ],
)
def test_they_are_drugs_by_name(text, drug):
    assert drugs_in_text(text) == ({drug} if drug else frozenset())

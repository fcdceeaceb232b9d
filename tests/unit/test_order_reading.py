"""Orders as prescribers write them: days, labels, doses of each day, billing."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cds_service.clinical.therapy.labels import Label, PlannedDays
from cds_service.clinical.therapy.order_dose import Billing, StatedDose, billing_of, stated_dose
from cds_service.clinical.therapy.orders import read_order
from cds_service.clinical.therapy.worded_dose import dose_in_text
from cds_service.fhir.record import Resource

DAYS_OF_CYCLE = PlannedDays((1, 8, 15), 2)
CLOCK = datetime.fromisoformat("2026-04-15T09:00:00-04:00")


def read(*dosages, **more):
    body = {"resourceType": "MedicationRequest", "id": "o", "dosageInstruction": list(dosages)} | more
    return read_order(Resource(body), CLOCK, DAYS_OF_CYCLE)


def dosage(text=None, *events, mg=None):
    made = {"text": text} if text else {}
    if events:
        made["timing"] = {"event": list(events)}
    return made | ({"doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg"}}]} if mg else {})


DAYS = [
    ("events, in order of time", read(dosage(None, "2026-04-23", "2026-04-16")), ["2026-04-16", "2026-04-23"]),
    ("the start of a period", read({"timing": {"repeat": {"boundsPeriod": {"start": "2026-04-20"}}}}), ["2026-04-20"]),
    ("an occurrence", read(occurrenceDateTime="2026-04-21T08:00:00-04:00"), ["2026-04-21"]),
    ("nothing: today", read(), ["2026-04-15"]),
    ("the day written in the value's own offset", read(dosage(None, "2026-04-16T23:30:00-04:00")), ["2026-04-16"]),
    (
        "weekly, three times",
        read({"timing": {"repeat": {"boundsPeriod": {"start": "2026-04-16"}, "count": 3, "period": 1, "periodUnit": "wk"}}}),
        ["2026-04-16", "2026-04-23", "2026-04-30"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("order", "days"), [d[1:] for d in DAYS], ids=[d[0] for d in DAYS])
def test_planned_days(order, days):
    assert [d.isoformat() for d in order.days] == days
    assert order.planned == order.days[0]


LABELS = [
    ("its own text", read(dosage("Cycle 2 Day 8")), Label(2, 8)),
    ("the instruction of the earliest day", read(dosage("C1D8", "2026-04-23"), dosage("C1D1", "2026-04-16")), Label(1, 1)),
    ("a note", read(dosage("IV"), note=[{"text": "C3D1"}]), Label(3, 1)),
    ("the text before a note of another dose", read(dosage("C2D1"), note=[{"text": "C1D15 given on 2026-04-01"}]), Label(2, 1)),
    ("the first of all days named", read(dosage("C2D1, C2D8, C2D15", "2026-04-16", "2026-04-23", "2026-04-30")), Label(2, 1)),
    ("several days named for one", read(dosage("C2D8 (after C2D1)", "2026-04-16")), None),
    ("none", read(dosage("IV over 1 hour")), None),
]  # fmt: skip


@pytest.mark.parametrize(("order", "label"), [x[1:] for x in LABELS], ids=[x[0] for x in LABELS])
def test_the_label_of_an_order(order, label):
    assert order.label == label


def test_each_planned_dose_keeps_its_day_label_and_dose():
    order = read(dosage("C1D8", "2026-04-23", mg=1), dosage("C1D1", "2026-04-16", mg=1.6))
    found = [(p.day, p.label, p.amounts[0].stated[0].value) for p in order.doses]
    assert found == [
        (date(2026, 4, 16), Label(1, 1), Decimal("1.6")),
        (date(2026, 4, 23), Label(1, 8), Decimal(1)),
    ]


def test_one_instruction_for_several_days_gives_the_dose_to_each():
    order = read(dosage("C2D1", "2026-04-16", "2026-04-23", mg=1))
    assert [(p.label, p.amounts[0].stated[0].value) for p in order.doses] == [(None, 1), (None, 1)]


def test_a_service_request_is_read_by_its_occurrence_and_quantity():
    body = {
        "resourceType": "ServiceRequest", "id": "s", "occurrencePeriod": {"start": "2026-04-18"},
        "quantityQuantity": {"value": 1.41, "unit": "mg"},
    }  # fmt: skip
    order = read_order(Resource(body), CLOCK, DAYS_OF_CYCLE)
    assert (order.planned, order.doses[0].amounts[0].stated[0].value) == (date(2026, 4, 18), Decimal("1.41"))


QUANTITIES = [
    ({"value": 1.41, "unit": "mg", "code": "mg", "system": "http://unitsofmeasure.org"}, "1.41", "mg"),
    ({"value": 1410, "unit": "mcg"}, "1.41", "mg"),
    ({"value": "0.00141", "unit": "g"}, "0.00141e3", "mg"),
    ({"value": 0.8, "unit": "mg/m²"}, "0.8", "mg/m2"),
    ({"value": 0.8, "unit": "mg/m2", "code": "mg/m2", "system": "http://unitsofmeasure.org"}, "0.8", "mg/m2"),
    (
        {"value": 800, "unit": "mcg/m2", "code": "ug/m2", "system": "http://unitsofmeasure.org"},
        "0.8",
        "mg/m2",
    ),
    ({"value": 0.8, "unit": "mg/m2/dose"}, "0.8", "mg/m2"),
]


@pytest.mark.parametrize(("quantity", "value", "unit"), QUANTITIES)
def test_a_quantity_as_a_dose(quantity, value, unit):
    found = stated_dose(quantity)
    assert (found.value, found.unit) == (Decimal(value), unit)


REFUSED = [
    ({"value": 1.41}, "1.41 (no unit)"),
    ({"value": 1.41, "unit": "mL"}, "1.41 mL"),
    ({"unit": "mg"}, "(no number) mg"),
    ({"value": -1, "unit": "mg"}, "-1 mg"),
    ({"value": 1, "unit": "mg", "comparator": ">"}, "1 mg"),
    ({"value": True, "unit": "mg"}, "(no number) mg"),
]


@pytest.mark.parametrize(("quantity", "quoted"), REFUSED)
def test_a_quantity_that_is_no_dose_is_quoted(quantity, quoted):
    assert stated_dose(quantity) == StatedDose(None, None, quoted)


def test_a_range_is_no_dose_unless_both_ends_are_one():
    ends = {"low": {"value": 1, "unit": "mg"}, "high": {"value": 2, "unit": "mg"}}
    wide = read({"doseAndRate": [{"doseRange": ends}]}).doses[0].amounts[0].stated
    narrow = (
        read({"doseAndRate": [{"doseRange": {"low": ends["low"], "high": ends["low"]}}]})
        .doses[0]
        .amounts[0]
        .stated
    )
    assert wide == (StatedDose(None, None, "1 mg to 2 mg"),)
    assert narrow[0].value == 1


TEXTS = [
    ("1.41 mg IV", "1.41", "mg"),
    ("Dose: 1.41 milligrams IV", "1.41", "mg"),
    ("1410 micrograms IV", "1.41", "mg"),
    ("Administrar 1.41 mg IV durante 1 hora, Ciclo 1 Día 1", "1.41", "mg"),
    ("0.8 mg/m2 x 1.77 m2 = 1.41 mg", "1.41", "mg"),
    ("0.5 mg / m^2 weekly", "0.5", "mg/m2"),
    ("1,410 µg", "1.41", "mg"),
    ("0.8 mg per m2 IV", "0.8", "mg/m2"),
    ("0.8 mg per square meter", "0.8", "mg/m2"),
    ("0.8 mg/sq m", "0.8", "mg/m2"),
    ("0.8 mg/m2/dose", "0.8", "mg/m2"),
    ("1.41 mg/dose", "1.41", "mg"),
    ("Day 1 - 1.41 mg", "1.41", "mg"),
    ("1.41 mg (1410 mcg)", "1.41", "mg"),
    ("14.1 mg over 60 minutes at 50 mL/h", "14.1", "mg"),
    ("Dexamethasone 20 mg, then inotuzumab 1.41 mg in 50 mL normal saline", "1.41", "mg"),
    ("reduced from 1.41 mg to 1.06 mg", "1.06", "mg"),
    ("1.41 mg in 50 mL 0.9% NaCl IV over 60 min", "1.41", "mg"),
    ("draw up 1.41 mg from 2 vials", "1.41", "mg"),
    ("Cycle 2 Day 1: Infuse 0.88 mg (0.5 mg/m2) intravenously", "0.88", "mg"),
    ("Total dose 1.41 mg, 2 vials of 0.9 mg", "1.41", "mg"),
    ("Give 0.8 mg/m2, max 1.8 mg", "0.8", "mg/m2"),
    ("BSA 1.77 m2, dose = 1.41 mg IV once on day 1", "1.41", "mg"),
    ("800 mcg/m2 IV", "0.8", "mg/m2"),
    ("1.41 mg/50 mL NS IV over 60 min", "1.41", "mg"),
    ("500 micrograms per m2", "0.5", "mg/m2"),
    (".8 mg/m2 IV", "0.8", "mg/m2"),
    ("Administrar 1.41 mg por vía intravenosa en 1 hora", "1.41", "mg"),
    ("Infundir 1.41 mg intravenoso una vez", "1.41", "mg"),
]


@pytest.mark.parametrize(("text", "value", "unit"), TEXTS)
def test_a_dose_in_words(text, value, unit):
    found = dose_in_text(text)
    assert (found.value, found.unit) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["1.4 - 1.5 mg", "1.4 to 1.5 mg", "1.4 mg - 1.5 mg", "0.8-0.9 mg/m2"])
def test_a_range_in_words_is_no_dose(text):
    assert dose_in_text(text) == StatedDose(None, None, text)


OF_SOMETHING_ELSE = {
    "another drug's": "Give with dexamethasone 20 mg",
    "another drug's, the figure first": "20 mg of dexamethasone before the infusion",
    "another drug's, by its brand": "dexamethasone (Decadron), 20 mg, before each dose",
    "a class of drugs": "Steroid 100 mg as premedication",
    "another route": "20 mg PO the evening before",
    "a maximum": "Maximum 1.8 mg",
    "a maximum after it": "1.8 mg max",
    "a bound": "not to exceed 1.8 mg",
    "a strength": "Besponsa 0.9 mg single-dose vial",
    "vials as a supply": "0.9 mg vial x 2",
    "a number of vials of a strength": "2 vials of 0.9 mg",
    "an earlier dose": "Previous dose 1.41 mg",
    "a dose given": "1.41 mg given on 2026-03-26",
    "a cumulative amount": "Cumulative 3.17 mg",
    "the total of a cycle": "cycle total 3.17 mg",
}


@pytest.mark.parametrize("text", OF_SOMETHING_ELSE.values(), ids=OF_SOMETHING_ELSE)
def test_milligrams_of_something_else_are_no_dose(text):
    assert dose_in_text(text) is None


@pytest.mark.parametrize("text", OF_SOMETHING_ELSE.values(), ids=OF_SOMETHING_ELSE)
def test_beside_them_the_dose_is_read(text):
    for whole in (f"{text}. Inotuzumab 1.06 mg IV.", f"Inotuzumab 1.06 mg IV over 1 hour; {text}"):
        found = dose_in_text(whole)
        assert (found.value, found.unit) == (Decimal("1.06"), "mg")


@pytest.mark.parametrize(
    "text", ["Abcdefin 20 mg", "1.41 mg zzz", "1,41 mg", "0,8 mg/m2 IV", "Máximo 1.8 mg", "Wxyz 1.41 mg IV"]
)
def test_a_figure_among_words_that_are_not_understood_is_no_dose(text):
    assert dose_in_text(text) == StatedDose(None, None, text)


@pytest.mark.parametrize(
    "text", ["IV weekly", "0.25 mg/mL", "0.9 mg/4 mL", "5 mg/h", "5 mg per hour", "1 mg/kg", ""]
)
def test_a_text_that_states_no_dose(text):
    assert dose_in_text(text) is None


def test_doses_in_words_that_differ_are_no_dose():
    found = dose_in_text("1.41 mg, then 0.88 mg")
    assert found is not None
    assert found.value is None


BILLED = [
    ({"dispenseRequest": {"quantity": {"value": 15, "unit": "units"}}}, Billing(Decimal(15), "15 units")),
    ({"dispenseRequest": {"quantity": {"value": 15}}}, Billing(Decimal(15), "15")),
    ({"quantityQuantity": {"value": 15, "code": "[USP'U]"}}, Billing(Decimal(15), "15 [USP'U]")),
    (
        {"dispenseRequest": {"quantity": {"value": 2, "unit": "vials"}}},
        Billing(None, "2 vials", is_vials=True),
    ),
    ({"dispenseRequest": {"quantity": {"value": 3, "unit": "mL"}}}, Billing(None, "3 mL")),
    ({"dispenseRequest": {"quantity": {"value": 0, "unit": "units"}}}, Billing()),
    ({}, Billing()),
]


@pytest.mark.parametrize(("body", "billing"), BILLED)
def test_what_an_order_bills(body, billing):
    assert billing_of(body) == billing


def test_a_volume_beside_milligrams_in_the_text_is_that_of_the_infusion():
    volume = {"doseAndRate": [{"doseQuantity": {"value": 5.64, "unit": "mL"}}]}
    (with_dose,) = read(dosage("1.41 mg IV over 1 hour", "2026-04-16") | volume).doses[0].amounts
    assert (with_dose.stated, with_dose.in_text.value) == ((), Decimal("1.41"))
    (without,) = read(dosage("IV over 1 hour", "2026-04-16") | volume).doses[0].amounts
    assert without.stated == (StatedDose(None, None, "5.64 mL"),)

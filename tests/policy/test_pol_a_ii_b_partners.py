"""POL-A-II-B-1, POL-A-II-B-2, POL-A-II-B-3 and POL-A-V: what is given with the cycle, step by step.

Day 1 is 2026-04-16, so cycle 1 runs to 2026-05-06; orders from before 2026-02-15 are stale.
"""

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.clinical.therapy.drugs import (
    INOTUZUMAB,
    MINI_HYPER_CVD,
    STEROIDS,
    is_antineoplastic,
    names_in_words,
)
from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    HCPCS,
    RXNORM,
    SNOMED,
    administration,
    care_plan,
    coded,
    condition,
    criterion,
    determine,
    determine_all,
    document,
    drug_order,
    observation,
    order,
    patient,
    service_request,
    verdict,
)

DAY_1 = "2026-04-16"
IDS = ("POL-A-II-B-1", "POL-A-II-B-2", "POL-A-II-B-3")
PH_POSITIVE = observation("51867-0", "2026-03-28", text="Positive")
PH_NEGATIVE = observation("51867-0", "2026-03-28", text="Negative")


def given(drug, day, text=None, **more):
    return administration(day, None, text, drug={"text": drug}, id=f"given-{drug}-{day}", **more)


def over(drug, start, end=None, **more):
    """An order with a period."""
    period = {"start": start} | ({"end": end} if end else {})
    return drug_order(drug, dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": period}}}], **more)


def taken(drug, *, status="active", start=None, end=None, asserted=None, at=None):
    found = {
        "resourceType": "MedicationStatement", "id": f"taken-{drug}", "status": status,
        "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": drug},
    }  # fmt: skip
    if start or end:
        found["effectivePeriod"] = {k: v for k, v in (("start", start), ("end", end)) if v}
    return (
        found | ({"dateAsserted": asserted} if asserted else {}) | ({"effectiveDateTime": at} if at else {})
    )


def dispensed(drug, day, supply=None):
    found = {
        "resourceType": "MedicationDispense", "id": f"dispensed-{drug}", "status": "completed", "whenHandedOver": day,
        "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": drug},
    }  # fmt: skip
    return found | ({"daysSupply": {"value": supply, "unit": "d"}} if supply else {})


def activity(drug, *, status="scheduled", start=None, end=None, text=None):
    detail = {"status": status, "code": {"text": drug}}
    if start or end:
        detail["scheduledPeriod"] = {k: v for k, v in (("start", start), ("end", end)) if v}
    return {"detail": detail | ({"description": text} if text else {})}


def scheduled(drug, **detail):
    return {"detail": {"status": "scheduled", "productCodeableConcept": {"text": drug}} | detail}


def referred(reference, display=None):
    return {"reference": {"reference": reference} | ({"display": display} if display else {})}


def contained(status):
    return drug_order("venetoclax", id="v", status=status)


def plan(*activities, title="Treatment", **more):
    return care_plan(title, start="2026-04-10", activity=list(activities), **more)


def verdicts(record, **more):
    d = determine([patient(), *record], order(DAY_1, "C1D1"), **more)
    return tuple(verdict(d, i) for i in IDS)


# What one drug beside inotuzumab makes of A.ii.B.1: concurrent, possible, or none of both.
CONCURRENCY = {
    "nothing": ([], "met"),
    "an active order of last week": ([drug_order("venetoclax", authored="2026-04-09")], "not-met"),
    "an active order of 60 days before day 1": ([drug_order("venetoclax", authored="2026-02-15")], "not-met"),
    "an active order of 61 days before day 1": ([drug_order("venetoclax", authored="2026-02-14")], "unknown"),
    "an old active order, given since": ([drug_order("venetoclax", authored="2026-01-10"), given("venetoclax", "2026-03-20")], "not-met"),
    "an active order from 60 days before day 1 on, without an end": ([over("venetoclax", "2026-02-15")], "not-met"),
    "an active order from 61 days before day 1 on, without an end": ([over("venetoclax", "2026-02-14")], "unknown"),
    "an active order of years ago, without an end": ([over("venetoclax", "2018-04-01")], "unknown"),
    "the same, given since": ([over("venetoclax", "2018-04-01"), given("venetoclax", "2026-03-20")], "not-met"),
    "the same, dispensed since": ([over("venetoclax", "2018-04-01"), dispensed("venetoclax", "2026-03-01", 30)], "not-met"),
    "the same, stated as taken since": ([over("venetoclax", "2018-04-01"), taken("venetoclax", asserted="2026-03-01")], "not-met"),
    "the same, dispensed long ago": ([over("venetoclax", "2018-04-01"), dispensed("venetoclax", "2025-12-01", 30)], "unknown"),
    "an old order for 14 days": ([drug_order("venetoclax", authored="2026-03-01", dosageInstruction=[{"timing": {"repeat": {"boundsDuration": {"value": 14, "unit": "d"}}}}])], "unknown"),
    "an active order without any date": ([drug_order("venetoclax")], "unknown"),
    "an active order whose period ended": ([over("venetoclax", "2026-03-01", "2026-04-01")], "unknown"),
    "an order whose period covers day 1": ([over("venetoclax", "2025-09-01", "2026-04-16", authored="2025-09-01")], "not-met"),
    "an order that starts on the last day of the cycle": ([over("venetoclax", "2026-05-06")], "not-met"),
    "an order that starts the day after the cycle": ([over("venetoclax", "2026-05-07")], "met"),
    "a planned dose within the cycle": ([drug_order("venetoclax", day="2026-04-20", authored="2026-04-10")], "not-met"),
    "an order on hold": ([drug_order("venetoclax", status="on-hold", authored="2026-04-09")], "unknown"),
    "an order completed": ([drug_order("venetoclax", status="completed", authored="2026-04-01")], "met"),
    "an order stopped before its period ends": ([over("venetoclax", "2026-04-01", "2026-05-10", status="stopped")], "met"),
    "an order completed before its period ends": ([over("venetoclax", "2026-04-01", "2026-05-10", status="completed")], "unknown"),
    "a statement stopped before its period ends": ([taken("venetoclax", status="stopped", start="2026-04-01", end="2026-05-10")], "met"),
    "an order stopped": ([drug_order("venetoclax", status="stopped", authored="2026-04-01")], "met"),
    "an order cancelled": ([drug_order("venetoclax", status="cancelled", authored="2026-04-09")], "met"),
    "an order of unknown state": ([drug_order("venetoclax", status="unknown", authored="2026-04-09")], "met"),
    "a proposal": ([drug_order("venetoclax", authored="2026-04-09", intent="proposal")], "met"),
    "an order not to give it": ([drug_order("venetoclax", authored="2026-04-09", doNotPerform=True)], "met"),
    "a draft that nobody signs now": ([drug_order("venetoclax", status="draft", authored="2026-04-09")], "met"),
    "given the week before": ([given("cytarabine", "2026-04-09")], "met"),
    "taken daily, last given more than a week before": ([given("venetoclax", "2026-04-08")], "met"),
    "stated as taken, since before": ([taken("venetoclax", start="2025-12-01")], "not-met"),
    "stated as taken, until before day 1": ([taken("venetoclax", status="completed", start="2025-12-01", end="2026-04-15")], "met"),
    "stated as active, but its period ended": ([taken("venetoclax", start="2025-12-01", end="2026-03-01")], "unknown"),
    "stated as taken last week": ([taken("venetoclax", at="2026-04-08")], "not-met"),
    "stated as taken half a year ago": ([taken("venetoclax", asserted="2025-10-01")], "unknown"),
    "stated as not taken": ([taken("venetoclax", status="not-taken", asserted="2026-04-08")], "met"),
    "a supply that reaches into the cycle": ([dispensed("venetoclax", "2026-04-01", 30)], "not-met"),
    "a supply that ran out": ([dispensed("venetoclax", "2026-03-01", 30)], "met"),
    "by its short name": ([drug_order("Blina", authored="2026-04-09")], "not-met"),
    "in the care plan": ([plan(activity("venetoclax"))], "not-met"),
    "in the care plan, on hold there": ([plan(activity("venetoclax", status="on-hold"))], "unknown"),
    "in a care plan on hold": ([plan(activity("venetoclax"), status="on-hold")], "unknown"),
    "in the care plan, into the cerebrospinal fluid": ([plan(activity("methotrexate", text="Intrathecal methotrexate 12 mg"))], "met"),
    "in the care plan, by either route": ([plan(activity("methotrexate", text="IT or IV methotrexate"))], "unknown"),
    "in the care plan, for another disease": ([plan(scheduled("methotrexate", reasonCode=[{"text": "Rheumatoid arthritis"}]))], "met"),
    "in a care plan for another disease": ([plan(scheduled("methotrexate"), addresses=[{"display": "Rheumatoid arthritis"}])], "met"),
    "in a care plan for this disease among others": ([plan(scheduled("methotrexate"), addresses=[{"display": "Rheumatoid arthritis"}, {"display": "B-ALL"}])], "not-met"),
    "in the care plan, as cytoreduction": ([plan(activity("vincristine", text="cytoreduction"))], "met"),
    "in the care plan, in words as consolidation": ([plan(scheduled("blinatumomab", scheduledString="as consolidation after cycle 2"))], "met"),
    "in the care plan, with bounds from June": ([plan(scheduled("blinatumomab", scheduledTiming={"repeat": {"boundsPeriod": {"start": "2026-06-01"}}}))], "met"),
    "in the care plan, a level": ([plan(activity("methotrexate level"))], "met"),
    "in the care plan, teaching": ([plan(activity("Education on dasatinib"))], "met"),
    "in the care plan, to be avoided": ([plan(activity("Avoid methotrexate"))], "unknown"),
    "in the care plan, to be started": ([plan(activity("Start dasatinib 140 mg daily"))], "not-met"),
    "in the care plan, a product and a sentence": ([plan(scheduled("venetoclax", description="Taken as the team discussed"))], "not-met"),
    "in the care plan, another drug in a sentence": ([plan(scheduled("prednisone", description="Unless venetoclax is tolerated"))], "unknown"),
    "in the care plan, a contained order": ([plan(referred("#v"), contained=[contained("active")])], "not-met"),
    "in the care plan, a contained order on hold": ([plan(referred("#v"), contained=[contained("on-hold")])], "unknown"),
    "in the care plan, a contained order that was cancelled": ([plan(referred("#v"), contained=[contained("cancelled")])], "met"),
    "in the care plan, an order of the record that was stopped": ([plan(referred("MedicationRequest/venetoclax-order", "Venetoclax")), drug_order("venetoclax", id="venetoclax-order", status="stopped", authored="2026-04-01")], "met"),
    "in the care plan, an order that could not be read": ([plan(referred("MedicationRequest/elsewhere", "Venetoclax 100 mg tablet"))], "unknown"),
    "a regimen as an activity of the care plan": ([plan(activity("FLAG-IDA"))], "not-met"),
    "a regimen as its description": ([plan({"detail": {"status": "scheduled", "description": "FLAG-IDA"}})], "not-met"),
    "a regimen as an activity on hold": ([plan(activity("FLAG-IDA", status="on-hold"))], "unknown"),
    "a regimen as the title of the care plan": ([plan(title="FLAG-IDA")], "unknown"),
    "hyper-CVAD in a care plan on hold": ([plan(title="hyper-CVAD", status="on-hold")], "unknown"),
    "hyper-CVAD as an order on hold": ([drug_order("hyper-CVAD", status="on-hold", authored="2026-04-10")], "unknown"),
    "mini-hyper-CVD as an order on hold": ([drug_order("mini-hyper-CVD", status="on-hold", authored="2026-04-10")], "unknown"),
    "chemotherapy as an activity, which may be this one": ([plan(activity("Chemotherapy"))], "met"),
    "in the care plan, cancelled there": ([plan(activity("venetoclax", status="cancelled"))], "met"),
    "in the care plan, from June": ([plan(activity("venetoclax", start="2026-06-01"))], "met"),
    "in a care plan that is over": ([plan(activity("venetoclax"), status="completed")], "met"),
    "in an active care plan that ended": ([plan(activity("venetoclax"), period={"start": "2026-01-01", "end": "2026-03-01"})], "unknown"),
    "named by the plan's title": ([plan(title="Inotuzumab with venetoclax")], "unknown"),
    "named by the plan as failed before": ([plan(title="Inotuzumab after venetoclax failed")], "met"),
    "venetoclax by the code of a tablet": ([drug_order(coded(RXNORM, "1747559"), authored="2026-04-09")], "not-met"),
    "a product by its code": ([drug_order(coded(RXNORM, "475342"), authored="2026-04-09")], "not-met"),
    "an antineoplastic known by its class only": ([drug_order(coded("http://www.whocc.no/atc", "L01XX99"), authored="2026-04-09")], "not-met"),
    "a drug that is none": ([drug_order("allopurinol", authored="2026-04-09")], "met"),
    "a drug that cannot be read": ([drug_order({}, authored="2026-04-09", medicationCodeableConcept=None, medicationReference={"reference": "Medication/gone"})], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), CONCURRENCY.values(), ids=CONCURRENCY)
def test_pol_a_ii_b_1_concurrent_or_not(record, expected):
    d = determine([patient(), *record], order(DAY_1, "C1D1"))
    assert verdict(d, "POL-A-II-B-1") == expected
    assert ("partner-drugs" in criterion(d, "POL-A-II-B-1").needed) == (expected == "unknown")


LEFT_OUT = {
    "intrathecal by route": drug_order("methotrexate", authored="2026-04-09", dosageInstruction=[{"route": {"coding": [{"system": SNOMED, "code": "72607000"}]}}]),
    "intrathecal in words": drug_order("cytarabine", authored="2026-04-09", text="100 mg intrathecally"),
    "intrathecal, abbreviated": drug_order("methotrexate", authored="2026-04-09", text="12 mg IT once"),
    "premedication": drug_order("dexamethasone", authored="2026-04-09", text="premedication"),
    "before each infusion": drug_order("methylprednisolone", authored="2026-04-09", text="30 min before each infusion"),
    "hydroxyurea": drug_order("hydroxyurea", authored="2026-04-14"),
    "vincristine as cytoreduction": drug_order("vincristine", authored="2026-04-14", text="cytoreduction"),
    "steroid prephase": drug_order("prednisone", authored="2026-04-12", text="prephase"),
    "any steroid": drug_order("dexamethasone", authored="2026-04-12"),
    "filgrastim": drug_order("filgrastim", authored="2026-04-12"),
    "ursodiol": drug_order("ursodiol", authored="2026-04-12"),
    "posaconazole": drug_order("posaconazole", authored="2026-04-12"),
    "methotrexate for arthritis": drug_order("methotrexate", authored="2026-04-01", reason="Rheumatoid arthritis"),
    "cyclophosphamide for lupus": drug_order("cyclophosphamide", authored="2026-04-01", reason="Lupus nephritis"),
    "conditioning planned for later": drug_order("fludarabine", authored="2026-04-01", text="conditioning, planned", intent="plan"),
    "conditioning ordered without a day": drug_order("cyclophosphamide", authored="2026-04-10", text="conditioning for alloSCT"),
    "conditioning as the reason": drug_order("busulfan", authored="2026-04-10", reason="Conditioning before transplant"),
    "blinatumomab consolidation planned": drug_order("blinatumomab", authored="2026-04-01", text="consolidation after cycle 2", intent="plan"),
}  # fmt: skip


@pytest.mark.parametrize("resource", LEFT_OUT.values(), ids=LEFT_OUT)
def test_pol_a_ii_b_what_is_left_out_combines_with_nothing(resource):
    assert verdicts([resource]) == ("met", "not-met", "not-met")


NOT_LEFT_OUT = {
    "methotrexate for leukemia": drug_order(
        "methotrexate", authored="2026-04-01", reason="Acute lymphoblastic leukemia"
    ),
    "methotrexate without a reason": drug_order("methotrexate", authored="2026-04-01"),
    "maintenance that may still be taken": drug_order(
        "mercaptopurine", authored="2026-04-10", text="maintenance"
    ),
    "conditioning with a day in this cycle": drug_order(
        "fludarabine", day="2026-04-20", authored="2026-04-10", text="conditioning"
    ),
    "blinatumomab now": drug_order("blinatumomab", authored="2026-04-10"),
}


@pytest.mark.parametrize("resource", NOT_LEFT_OUT.values(), ids=NOT_LEFT_OUT)
def test_pol_a_ii_b_1_what_is_not_left_out_is_combination(resource):
    assert verdicts([resource])[0] == "not-met"


TKI = {
    "dasatinib, Ph-positive": (["dasatinib"], PH_POSITIVE, "met"),
    "each of the five: bosutinib": (["bosutinib"], PH_POSITIVE, "met"),
    "each of the five: imatinib": (["imatinib"], PH_POSITIVE, "met"),
    "each of the five: nilotinib": (["nilotinib"], PH_POSITIVE, "met"),
    "each of the five: ponatinib": (["ponatinib"], PH_POSITIVE, "met"),
    "asciminib is not one of them": (["asciminib"], PH_POSITIVE, "not-met"),
    "no TKI": ([], PH_POSITIVE, "not-met"),
    "dasatinib, Ph-negative": (["dasatinib"], PH_NEGATIVE, "not-met"),
    "dasatinib, Ph unknown": (["dasatinib"], None, "unknown"),
    "dasatinib and vincristine, Ph-positive": (["dasatinib", "vincristine"], PH_POSITIVE, "unknown"),
    "dasatinib and vincristine, Ph-negative": (["dasatinib", "vincristine"], PH_NEGATIVE, "not-met"),
    "dasatinib and dexamethasone, Ph-positive": (["dasatinib", "dexamethasone"], PH_POSITIVE, "met"),
}


@pytest.mark.parametrize(("drugs", "ph", "expected"), TKI.values(), ids=TKI)
def test_pol_a_ii_b_2(drugs, ph, expected):
    record = [*(drug_order(d, authored="2026-04-10") for d in drugs), *([ph] if ph else [])]
    assert verdicts(record)[1] == expected


def test_pol_a_ii_b_2_a_tki_that_is_only_possible_is_unknown_unless_ph_negative():
    old = drug_order("imatinib", authored="2025-04-15")
    assert verdicts([old, PH_POSITIVE])[:2] == ("unknown", "unknown")
    assert verdicts([old, PH_NEGATIVE])[:2] == ("unknown", "not-met")


SUPPLY = {"dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "d", "code": "d"}}}
REPEATED = {"dispenseRequest": SUPPLY["dispenseRequest"] | {"numberOfRepeatsAllowed": 11}}
TKI_ORDERS = {
    "365 days before day 1": (drug_order("imatinib", authored="2025-04-16"), "met"),
    "366 days before day 1": (drug_order("imatinib", authored="2025-04-15"), "unknown"),
    "from 365 days before day 1 on, without an end": (over("imatinib", "2025-04-16"), "met"),
    "half a year ago, its supply ran out": (
        drug_order("imatinib", authored="2025-10-01", **SUPPLY),
        "unknown",
    ),
    "half a year ago, its supply repeated": (
        drug_order("imatinib", authored="2025-10-01", **REPEATED),
        "met",
    ),
    "50 days ago, its supply ran out": (drug_order("imatinib", authored="2026-02-25", **SUPPLY), "met"),
}


@pytest.mark.parametrize(("tki", "expected"), TKI_ORDERS.values(), ids=TKI_ORDERS)
def test_an_oral_tki_goes_on_for_a_year_unless_its_supply_ran_out(tki, expected):
    assert verdicts([tki, PH_POSITIVE])[1] == expected


def dispensed(drug, day, **more):
    found = {
        "resourceType": "MedicationDispense", "id": f"dispensed-{drug}", "status": "completed",
        "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": drug}, "whenHandedOver": day,
    }  # fmt: skip
    return found | more


# An oral TKI of which only single doses or a supply of unsaid length are recorded -> used alone, with a TKI.
TKI_GIVEN = {
    "the day before day 1": ([given("dasatinib", "2026-04-15")], ("unknown", "unknown")),
    "7 days before day 1": ([given("dasatinib", "2026-04-09")], ("unknown", "unknown")),
    "8 days before day 1": ([given("dasatinib", "2026-04-08")], ("met", "not-met")),
    "with a stopped order of that day": (
        [given("dasatinib", "2026-04-14"), drug_order("dasatinib", authored="2026-04-14", status="stopped")],
        ("met", "not-met"),
    ),
    "after an order that was stopped": (
        [given("dasatinib", "2026-04-14"), drug_order("dasatinib", authored="2026-03-01", status="stopped")],
        ("unknown", "unknown"),
    ),
    "with a statement that it ended": (
        [
            given("dasatinib", "2026-04-14"),
            taken("dasatinib", status="completed", start="2026-01-01", end="2026-04-14"),
        ],
        ("met", "not-met"),
    ),
    "handed out for a time not said": ([dispensed("dasatinib", "2026-04-01")], ("unknown", "unknown")),
    "handed out long ago": ([dispensed("dasatinib", "2026-02-01")], ("met", "not-met")),
    "handed out for days that are over": (
        [dispensed("dasatinib", "2026-03-01", daysSupply={"value": 30, "unit": "days"})],
        ("met", "not-met"),
    ),
    "another drug that is taken daily": ([given("venetoclax", "2026-04-15")], ("unknown", "not-met")),
    "another, its order stopped": (
        [
            given("mercaptopurine", "2026-04-14"),
            drug_order("mercaptopurine", authored="2026-04-14", status="stopped"),
        ],
        ("met", "not-met"),
    ),
    "a drug that is not taken daily": ([given("cyclophosphamide", "2026-04-14")], ("met", "not-met")),
}


@pytest.mark.parametrize(("records", "expected"), TKI_GIVEN.values(), ids=TKI_GIVEN)
def test_an_oral_tki_given_just_before_day_1_may_go_on(records, expected):
    assert verdicts([*records, PH_POSITIVE])[:2] == expected


def test_pol_a_ii_b_2_asks_for_the_ph_test():
    d = determine([patient(), drug_order("imatinib", authored="2026-04-10")], order(DAY_1, "C1D1"))
    assert criterion(d, "POL-A-II-B-2").needed == ("ph-status",)


def test_pol_a_ii_b_2_names_the_tki_and_the_negative_test():
    record = [patient(), drug_order("imatinib", authored="2026-04-10"), PH_NEGATIVE]
    because = criterion(determine(record, order(DAY_1, "C1D1")), "POL-A-II-B-2").because
    assert because == (
        "imatinib (ordered 2026-04-10), and the Philadelphia chromosome is negative: FISH for t(9;22) negative (2026-03-28)"
    )


FIVE = ["cyclophosphamide", "dexamethasone", "vincristine", "methotrexate", "cytarabine"]
MINI = {
    "all five": (FIVE, "met"),
    "all five and blinatumomab": ([*FIVE, "blinatumomab"], "met"),
    "all five and filgrastim": ([*FIVE, "filgrastim"], "met"),
    "all five and rituximab": ([*FIVE, "rituximab"], "unknown"),
    "all five and dasatinib": ([*FIVE, "dasatinib"], "unknown"),
    "all five and venetoclax": ([*FIVE, "venetoclax"], "unknown"),
    "all five and doxorubicin: full hyper-CVAD": ([*FIVE, "doxorubicin"], "not-met"),
    "course A: three of five": (FIVE[:3], "unknown"),
    "course B: two of five": (FIVE[3:], "unknown"),
    "one of five": (FIVE[:1], "not-met"),
    "dexamethasone alone": (["dexamethasone"], "not-met"),
    "none": ([], "not-met"),
    "doxorubicin and vincristine": (["doxorubicin", "vincristine"], "not-met"),
    "doxorubicin and two of five: full hyper-CVAD": (["doxorubicin", "vincristine", "cyclophosphamide"], "not-met"),
    "doxorubicin alone": (["doxorubicin"], "not-met"),
    "doxorubicin and a steroid": (["doxorubicin", "dexamethasone"], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("drugs", "expected"), MINI.values(), ids=MINI)
def test_pol_a_ii_b_3_and_pol_a_v_by_the_drugs(drugs, expected):
    d = determine([patient(), *(drug_order(x, authored="2026-04-10") for x in drugs)], order(DAY_1, "C1D1"))
    assert verdict(d, "POL-A-II-B-3") == expected
    assert verdict(d, "POL-A-V") == expected


PLANS = {
    "by title": ([plan(title="Mini-hyper-CVD with inotuzumab")], "met"),
    "by title, spelled together": ([plan(title="miniHyperCVD + inotuzumab")], "met"),
    "by description": ([plan(title="Induction", description="Inotuzumab plus mini-hyper-CVD, then blinatumomab consolidation")], "met"),
    "by title, rituximab ordered": ([plan(title="Mini-hyper-CVD"), drug_order("rituximab", authored="2026-04-10")], "unknown"),
    "as given before": ([plan(title="Inotuzumab, relapsed after mini-hyper-CVD")], "not-met"),
    "denied": ([plan(title="Inotuzumab without mini-hyper-CVD")], "not-met"),
    "full hyper-CVAD": ([plan(title="Hyper-CVAD with inotuzumab")], "not-met"),
    "full hyper-CVAD as given before": ([plan(title="Mini-hyper-CVD with inotuzumab; relapsed after hyper-CVAD")], "met"),
    "mini-HCVD": ([plan(title="Mini-HCVD and inotuzumab")], "met"),
    "mini-CVD": ([plan(title="Inotuzumab + mini-CVD")], "met"),
    "by title, an anthracycline alone beside it": ([plan(title="Mini-hyper-CVD"), drug_order("daunorubicin", authored="2026-04-10")], "unknown"),
    "revoked": ([plan(title="Mini-hyper-CVD", status="revoked")], "not-met"),
    "of last year": ([plan(title="Mini-hyper-CVD", period={"start": "2025-01-01", "end": "2025-06-01"})], "not-met"),
    "from June": ([plan(title="Mini-hyper-CVD", period={"start": "2026-06-01"})], "not-met"),
    "by an activity": ([plan(activity("mini-hyper-CVD"))], "met"),
    "by an activity's description": ([plan({"detail": {"status": "scheduled", "description": "mini-hyper-CVD course A"}})], "met"),
    "by an activity on hold": ([plan(activity("mini-hyper-CVD", status="on-hold"))], "unknown"),
    "by an activity from June": ([plan(activity("mini-hyper-CVD", start="2026-06-01"))], "not-met"),
    "on hold": ([plan(title="Mini-hyper-CVD", status="on-hold")], "unknown"),
    "as an order on hold": ([drug_order("mini-hyper-CVD", status="on-hold", authored="2026-04-10")], "unknown"),
    "as an order of long ago": ([drug_order("mini-hyper-CVD", authored="2026-01-10")], "unknown"),
    "full hyper-CVAD as an activity": ([plan(activity("hyper-CVAD"))], "not-met"),
    "by five activities": ([plan(*(activity(d) for d in FIVE))], "met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PLANS.values(), ids=PLANS)
def test_pol_a_ii_b_3_by_a_plan(record, expected):
    assert verdicts(record)[2] == expected


TITLES = {
    "a drug beside inotuzumab": ("Inotuzumab with venetoclax", "unknown"),
    "two": ("Relapsed B-ALL: inotuzumab plus vincristine and cytarabine", "unknown"),
    "in words that are not wholly understood": ("Inotuzumab and ponatinib 45 mg qod xyzzy", "unknown"),
    "beside a goal": ("Inotuzumab and dasatinib, goal remission", "unknown"),
    "one denied, one not": ("Inotuzumab with dasatinib, no blinatumomab", "unknown"),
    "denied": ("Inotuzumab without dasatinib", "met"),
    "instead of": ("Inotuzumab instead of blinatumomab", "met"),
    "given before": ("Inotuzumab; failed dasatinib", "met"),
    "after another": ("Inotuzumab after blinatumomab", "met"),
    "stopped": ("Inotuzumab alone. Dasatinib stopped", "met"),
    "for later": ("Inotuzumab, then blinatumomab consolidation", "met"),
    "a condition": ("Inotuzumab. If Ph-positive, add dasatinib", "met"),
    "considered": ("Inotuzumab. Consider blinatumomab", "met"),
    "another person": ("Inotuzumab. Brother on imatinib", "met"),
}


@pytest.mark.parametrize(("title", "expected"), TITLES.values(), ids=TITLES)
def test_pol_a_ii_b_1_a_drug_that_a_plan_names_is_possible_unless_its_words_take_it_back(title, expected):
    assert verdicts([plan(title=title)])[0] == expected


def test_every_partner_by_name_is_known_to_the_reader():
    partners = (
        {d for d in names_in_words() if is_antineoplastic(d) or d in MINI_HYPER_CVD}
        - STEROIDS
        - {INOTUZUMAB, "hydroxyurea"}
    )
    names = {name for drug in partners for name in names_in_words()[drug]}
    assert {name for name in names if read(f"with {name}", "partner").values != {"drug"}} == set()


def test_pol_a_ii_b_3_counts_the_possible_drugs_too():
    assert verdicts([drug_order("cyclophosphamide", authored="2025-11-01"), drug_order("vincristine", authored="2025-11-01")]) == (
        "unknown", "not-met", "unknown",
    )  # fmt: skip


def test_an_anthracycline_alone_is_no_full_hyper_cvad():
    old = [drug_order(d, authored="2025-11-01") for d in ("cyclophosphamide", "vincristine")]
    doxorubicin = drug_order("doxorubicin", authored="2026-04-10")
    assert verdicts([doxorubicin, *old]) == ("not-met", "not-met", "unknown")
    d = determine([patient(), doxorubicin], order(DAY_1, "C1D1"))
    assert "hyper-CVAD" not in criterion(d, "POL-A-II-B-3").because


def test_partners_of_the_same_signature_count():
    drafts = [order(DAY_1, "C1D1"), drug_order("dasatinib", status="draft", authored="2026-04-15")]
    (d,) = determine_all([patient(), PH_POSITIVE], drafts)
    assert [verdict(d, i) for i in IDS] == ["not-met", "met", "not-met"]


def test_a_plan_that_names_a_regimen_is_no_single_agent_use():
    assert verdicts([plan(title="Mini-hyper-CVD with inotuzumab")])[0] == "not-met"
    assert verdicts([plan(title="Inotuzumab alone, relapsed after hyper-CVAD")])[0] == "met"
    assert verdicts([plan(title="Inotuzumab after hyper-CVAD")])[0] == "met"
    assert verdicts([plan(title="Hyper-CVAD x 4, then inotuzumab")])[0] == "met"


NOTED = {
    "mini-hyper-CVD": ([document("2026-04-14", "Plan: inotuzumab with mini-hyper-CVD.")], ("not-met", "met")),
    "full hyper-CVAD": ([document("2026-04-14", "Plan: InO + hyper-CVAD.")], ("not-met", "not-met")),
    "60 days before": ([document("2026-02-15", "Plan: inotuzumab with mini-hyper-CVD.")], ("not-met", "met")),
    "61 days before": ([document("2026-02-14", "Plan: inotuzumab with mini-hyper-CVD.")], ("met", "not-met")),
    "no longer planned": (
        [document("2026-03-14", "Plan: inotuzumab with mini-hyper-CVD."), document("2026-04-14", "Single-agent inotuzumab.")],
        ("met", "not-met"),
    ),
    "planned since": (
        [document("2026-04-14", "Plan: inotuzumab with mini-hyper-CVD."), document("2026-03-14", "Single-agent inotuzumab.")],
        ("not-met", "met"),
    ),
    "opposite notes of one day": (
        [document("2026-04-14", "Plan: inotuzumab with mini-hyper-CVD."), document("2026-04-14", "Single-agent inotuzumab.", id="n2")],
        ("met", "not-met"),
    ),
    "considered": ([document("2026-04-14", "Consider inotuzumab with mini-hyper-CVD.")], ("met", "not-met")),
    "in an earlier course": ([document("2026-04-14", "Prior therapy: inotuzumab with mini-hyper-CVD 2024.")], ("met", "not-met")),
    "the regimen before": ([document("2026-04-14", "Relapsed after hyper-CVAD, plan inotuzumab.")], ("met", "not-met")),
    "another plan than inotuzumab's": ([document("2026-03-14", "Plan: start hyper-CVAD.")], ("met", "not-met")),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), NOTED.values(), ids=NOTED)
def test_a_regimen_that_a_recent_note_plans_with_inotuzumab_is_its_plan(record, expected):
    found = verdicts(record)
    assert (found[0], found[2]) == expected


@pytest.mark.parametrize(
    "need",
    [
        DataKind.MEDICATION_REQUESTS,
        DataKind.MEDICATION_STATEMENTS,
        DataKind.MEDICATION_ADMINISTRATIONS,
        DataKind.MEDICATION_DISPENSES,
    ],
)
def test_drugs_that_could_not_be_seen_leave_all_three_unknown(need):
    gaps = [Gap(need, "the server answered 403")]
    assert verdicts([drug_order("venetoclax", authored="2026-04-09")], gaps=gaps) == ("unknown",) * 3


def test_the_ph_status_is_open_while_results_are_unseen():
    gaps = [Gap(DataKind.OBSERVATIONS, "page 2 failed", partial=True)]
    dasatinib = drug_order("dasatinib", authored="2026-04-10")
    assert verdicts([dasatinib, PH_NEGATIVE], gaps=gaps)[1] == "unknown"
    assert verdicts([dasatinib, PH_POSITIVE], gaps=gaps)[1] == "met"


def test_a_day_8_order_looks_at_its_own_cycle():
    record = [
        patient(),
        condition("277572006", system=SNOMED),
        administration("2026-04-09", 1.41, "C1D1"),
        given("vincristine", "2026-04-10"),
    ]
    d = determine(record, order(DAY_1, "C1D8", 0.88))
    assert verdict(d, "POL-A-II-B-1") == "not-met"


# ---- Partners ordered as a service, by the code that bills them ----


def billed(code, *, system=HCPCS, day=None, **more):
    return service_request(code, system=system, status="draft", day=day, id=f"service-{code}", **more)


SERVICES = {
    "a partner's code": (billed("J9100"), "not-met"),
    "a partner's code, planned in the cycle": (billed("J9100", day="2026-04-20"), "not-met"),
    "a partner's code, planned after the cycle": (billed("J9100", day="2026-06-20"), "met"),
    "the code of a steroid": (billed("J1100"), "met"),
    "a partner in words only": (billed(None, text="cytarabine level"), "met"),
    "another service": (billed("11150-0", system="http://loinc.org"), "met"),
}


@pytest.mark.parametrize(("service", "expected"), SERVICES.values(), ids=SERVICES)
def test_a_drug_in_a_draft_service_request_counts_like_one_in_a_medication_request(service, expected):
    (d,) = determine_all([patient()], [order(DAY_1, "C1D1"), service])
    assert verdict(d, "POL-A-II-B-1") == expected


def test_all_five_drugs_of_mini_hyper_cvd_may_be_ordered_as_services():
    five = [billed(code) for code in ("J9070", "J1100", "J9370", "J9260", "J9100")]
    (d,) = determine_all([patient()], [order(DAY_1, "C1D1"), *five])
    assert verdict(d, "POL-A-II-B-3") == "met"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ([drug_order("methotrexate", text="IT prophylaxis", authored="2026-04-14")], "met"),
        ([drug_order("vincristine", text="FATAL IF GIVEN INTRATHECALLY", authored="2026-04-14")], "not-met"),
        (
            [drug_order("methotrexate", text="1 g/m2 IV day 1, 12 mg IT day 2", authored="2026-04-14")],
            "unknown",
        ),
        ([service_request(None, text="Methotrexate 12 mg IT", authored="2026-04-14")], "met"),
    ],
    ids=["intrathecal", "a warning", "both ways", "as a service"],
)
def test_pol_a_ii_b_1_an_intrathecal_drug_is_no_partner(record, expected):
    assert verdicts(record)[0] == expected


UNNAMED = {
    "a regimen ordered": (drug_order("FLAG-IDA", authored="2026-04-14"), "not-met"),
    "a regimen taken": (taken("FLAG-IDA", asserted="2026-04-14"), "not-met"),
    "chemotherapy ordered": (drug_order("chemotherapy per protocol", authored="2026-04-14"), "not-met"),
    "an old order": (drug_order("FLAG-IDA", authored="2026-02-14"), "unknown"),
    "words that are not understood": (
        drug_order("Investigational chemotherapy xyzzy", authored="2026-04-14"),
        "unknown",
    ),
    "a regimen that ended": (
        taken("FLAG-IDA", status="completed", start="2025-01-01", end="2025-03-01"),
        "met",
    ),
    "teaching": (drug_order("Chemotherapy education", authored="2026-04-14"), "met"),
    "another drug": (drug_order("vitamin D", authored="2026-04-14"), "met"),
}


@pytest.mark.parametrize(("resource", "expected"), UNNAMED.values(), ids=UNNAMED)
def test_pol_a_ii_b_1_chemotherapy_that_names_no_drug(resource, expected):
    assert verdicts([resource])[0] == expected


def test_pol_a_ii_b_3_a_regimen_taken_is_a_plan_of_it():
    assert verdicts([taken("mini-hyper-CVD", asserted="2026-04-14")]) == ("not-met", "not-met", "met")
    assert verdicts([taken("hyper-CVAD", asserted="2026-04-14")]) == ("not-met", "not-met", "not-met")


@pytest.mark.parametrize(
    "drug", ["Rylaze", "6-MP 50 mg", "ibrutinib 140 MG Oral Capsule", "cladribine", "Venclexta"]
)
def test_pol_a_ii_b_1_a_drug_of_no_code_table_is_a_partner_by_name(drug):
    assert verdicts([drug_order(drug, authored="2026-04-14")])[0] == "not-met"


def test_pol_a_ii_b_2_a_tki_by_a_new_brand():
    assert verdicts([drug_order("Phyrago 140 mg tablet", authored="2026-04-14"), PH_POSITIVE])[1] == "met"


def test_pol_a_ii_b_1_a_bare_code_of_a_chemotherapy_drug_leaves_it_open():
    unknown_drug = drug_order(coded(HCPCS, "J9065"), authored="2026-04-14", id="code")
    d = determine([patient(), unknown_drug])
    assert verdict(d, "POL-A-II-B-1") == "unknown"
    assert "a drug that could not be identified" in criterion(d, "POL-A-II-B-1").because
    named = drug_order(coded(HCPCS, "J9209", "Injection, mesna, 200 mg"), authored="2026-04-14", id="mesna")
    assert verdicts([named])[0] == "met"


def test_pol_a_ii_b_3_says_of_one_absent_drug_that_it_is_open_whether_it_belongs():
    four = [drug_order(name, authored="2026-04-10") for name in FIVE if name != "methotrexate"]
    d = determine(four, order("2026-04-16", "C1D1"))
    assert criterion(d, "POL-A-II-B-3").because.endswith("whether methotrexate belongs to it")
    d = determine(four[:1], order("2026-04-16", "C1D1"))
    assert criterion(d, "POL-A-II-B-3").because.endswith(
        "only cyclophosphamide (ordered 2026-04-10) is recorded"
    )


@pytest.mark.parametrize(
    ("end", "expected"), [("2026-04-14", "not-met"), ("2026-05-10", "unknown"), ("2026-04-08", "met")]
)
def test_an_order_stopped_since_day_1_may_have_been_concurrent(end, expected):
    """Day 1 was given on 2026-04-09 and day 8 is ordered: an end after today is not when the order was stopped."""
    beside = over("venetoclax", "2026-04-01", end, status="stopped")
    first = administration("2026-04-09", 1.41, "C1D1")
    d = determine([patient(), first, beside], order(DAY_1, "C1D8"))
    assert verdict(d, "POL-A-II-B-1") == expected

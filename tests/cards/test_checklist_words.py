"""What the checklist asks for where only a part of an item lacks, and what is offered to order for it."""

from cards.text import beginnings, shortened
from tests.cards.rendering import cards_of, facts, of_kind
from tests.policy.chart_notes import body_size, condition, observation, order, patient, report
from tests.policy.treated import C2D1, ECGS, TREATED

CALCIUM = "17861-6"
MAGNESIUM = "19123-9"


def without(code, after=""):
    """The treated patient without the results of a code from a day on."""

    def is_left_out(resource):
        codings = resource.get("code", {}).get("coding", ())
        return any(c["code"] == code for c in codings) and resource.get("effectiveDateTime", "") > after

    return [r for r in TREATED if not is_left_out(r)]


def documentation(resources, draft=C2D1):
    return of_kind(cards_of(resources, [draft]), "documentation")


def labels(card):
    return [s["label"] for s in card.get("suggestions", ())]


def test_where_calcium_alone_lacks_no_other_electrolyte_is_asked_for_or_offered():
    card = documentation(without(CALCIUM))
    assert [(n["item"], n["decides"]) for n in facts(card)["needed"]] == [
        ("electrolytes-baseline", False), ("electrolytes-follow-up", False),
    ]  # fmt: skip
    assert card["summary"] == "Attach if available, not required: baseline calcium, follow-up calcium"
    assert "**Attach the calcium from before the first dose, if it was measured.**" in card["detail"]
    assert "**Measure calcium.**" in card["detail"]
    assert labels(card) == ["Order: Calcium"]


def test_where_an_electrolyte_that_decides_lacks_all_are_offered():
    card = documentation(without(MAGNESIUM, after="2026-03-20"))
    assert "**Measure the missing follow-up electrolytes.**" in card["detail"]
    assert labels(card) == ["Order: Potassium, Magnesium, Calcium"]


def test_where_the_clinical_note_alone_lacks_no_pathology_is_asked_for_or_offered():
    diagnosis = [patient(), condition("C91.02", recorded="2026-03-01"), *body_size(), *ECGS[:1]]
    flow = report("2026-03-02", "B lymphoblastic leukemia. Blasts express CD19 and CD22.")
    card = documentation([*diagnosis, flow], order())
    assert [n["item"] for n in facts(card)["needed"]] == ["pathology"]
    assert "**Attach a clinical note.** No clinical note found." in card["detail"]
    assert labels(card) == []
    neither = documentation([*diagnosis, observation("51124-6", "2026-03-02", 85, "%")], order())
    assert "**Attach the pathology or flow cytometry report.**" in neither["detail"]
    assert labels(neither) == ["Order: Leukemia and lymphoma immunophenotyping"]


def test_a_reason_is_never_cut_behind_the_heading_of_what_follows():
    told = "marrow blasts 4 % after prior therapy, and neither remission nor relapse is stated"
    text = f"{told}; needed: the treatment history, and a marrow result or note that states relapse"
    assert shortened(text, 18) == f"{told} (shortened)"
    assert (
        next(b for b in beginnings("Stop: no response; needed: a note") if len(b) < 25) == "Stop: no response"
    )

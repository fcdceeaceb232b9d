"""Notes that a document names by reference: which Binaries are read, from where, and what is left on file unread."""

import base64
from datetime import date

import pytest

from tests.ehr.hooking import sign, verdicts
from tests.ehr.hostile import Reply, fhir, hangs, outcome, running
from tests.ehr.looking import gaps, look, only
from tests.policy.chart_notes import administration, document, report
from tests.policy.treated import C2D1, IN_CR, TREATED

NEEDS = ("documentReferences", "diagnosticReports", "medicationAdministrations")


def note(url, day="2026-04-12", id="n", **more):
    content = [{"attachment": {"contentType": "text/plain", "url": url}}]
    return document(day, id=id, content=content, **more)


def binary(text, id="b1", kind="text/plain"):
    return {
        "resourceType": "Binary",
        "id": id,
        "contentType": kind,
        "data": base64.b64encode(text.encode()).decode(),
    }


def read(ehr, **how):
    return look(ehr, only(*NEEDS), today=date(2026, 4, 15), **how)


def texts(seen):
    return {r.id: base64.b64decode(r.body["data"]).decode() for r in seen.record.of_type("Binary")}


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_a_note_on_the_ehrs_own_server_is_read_with_the_token(form):
    with running() as ehr:
        url = "Binary/b1" if form == "relative" else f"{ehr.base}/Binary/b1"
        ehr.resources += [note(url), binary("In remission.")]
        seen = read(ehr, token="secret")
        sent = [
            h.get("Authorization") for h, r in zip(ehr.headers, ehr.requests, strict=True) if r == "Binary/b1"
        ]
    assert texts(seen) == {"b1": "In remission."}
    assert sent == ["Bearer secret"]


def test_a_note_sent_as_it_is_is_read_too():
    with running([note("Binary/b1")]) as ehr:
        ehr.script("Binary/b1", Reply(200, b"In remission.", {"Content-Type": "text/plain; charset=utf-8"}))
        assert texts(read(ehr)) == {"b1": "In remission."}


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/fhir/Binary/b1",
        "http://127.0.0.1:1/fhir/Binary/b1",
        "Patient/p1",
        "notes/1.txt",
    ],
)
def test_no_other_address_is_asked(url):
    with running([note(url)]) as ehr:
        seen = read(ehr)
        assert [r for r in ehr.requests if "Binary" in r or r in ("Patient/p1", "notes/1.txt")] == []
    assert (texts(seen), gaps(seen)) == ({}, {})


NOT_ASKED = {
    "a PDF": {"content": [{"attachment": {"contentType": "application/pdf", "url": "Binary/b1"}}]},
    "a text that is attached as well": {"content": [{"attachment": {"contentType": "text/plain", "data": "YQ==", "url": "Binary/b1"}}]},
    "a type that is not listed": {"type": {"text": "Scanned insurance card"}},
    "one older than 90 days": {"date": "2026-01-10T12:00:00-04:00"},
    "a superseded one": {"status": "superseded"},
    "a withdrawn one": {"docStatus": "entered-in-error"},
}  # fmt: skip


@pytest.mark.parametrize("more", NOT_ASKED.values(), ids=NOT_ASKED)
def test_what_is_not_worth_reading_is_not_asked_for(more):
    with running([note("Binary/b1") | more, binary("x")]) as ehr:
        read(ehr)
        assert ehr.asked("Binary") == []


def test_of_several_forms_of_a_note_the_plainest_is_read():
    forms = [("text/rtf", "b1"), ("application/pdf", "b2"), ("text/html", "b3")]
    content = [{"attachment": {"contentType": kind, "url": f"Binary/{id}"}} for kind, id in forms]
    with running(
        [note("Binary/b1") | {"content": content}, binary("<p>In remission.</p>", "b3", "text/html")]
    ) as ehr:
        assert texts(read(ehr)) == {"b3": "<p>In remission.</p>"}


def test_the_six_newest_are_read_since_the_first_dose():
    old = [note(f"Binary/b{n}", f"2025-12-{n:02}", f"n{n}") for n in range(1, 9)]
    with running(
        [*old, administration("2025-12-01"), *[binary(str(n), f"b{n}") for n in range(1, 9)]]
    ) as ehr:
        seen = read(ehr)
    assert set(texts(seen)) == {f"b{n}" for n in range(3, 9)}


TROUBLE = {
    "refused": fhir(outcome("error", "forbidden"), 403),
    "too large": Reply(200, b"a" * 200_000, {"Content-Type": "text/plain"}),
    "late": hangs,
}


@pytest.mark.parametrize("reply", TROUBLE.values(), ids=TROUBLE)
def test_a_note_that_is_not_had_is_no_gap(reply):
    with running([note("Binary/b1")]) as ehr:
        ehr.script("Binary", reply)
        seen = read(ehr, budget=0.5)
    assert (texts(seen), gaps(seen)) == ({}, {})


def test_a_scope_without_binaries_asks_for_none():
    with running([note("Binary/b1"), binary("x")]) as ehr:
        read(ehr, scope="patient/DocumentReference.read", token="t")
        assert ehr.asked("Binary") == []


def test_a_response_in_a_note_by_reference_decides_as_one_in_the_record():
    rest = [r for r in TREATED if r != IN_CR]
    progress = note("Binary/b1", id="by-reference")
    with running(
        [*rest, progress, binary("<p>Bone marrow: complete remission.</p>", kind="text/html")]
    ) as ehr:
        assert verdicts(sign(C2D1, server=ehr.base))["POL-B-I-B"] == "met"
    with running([*rest, progress]) as ehr:
        assert verdicts(sign(C2D1, server=ehr.base))["POL-B-I-B"] == "unknown"


def test_a_report_whose_text_could_not_be_read_is_named_beside_what_it_may_settle():
    rest = [r for r in TREATED if r != IN_CR]
    unread = report(
        "2026-04-12", loinc="48807-2", presentedForm=[{"contentType": "application/pdf", "url": "Binary/b1"}]
    )
    with running([*rest, unread]) as ehr:
        (d,) = sign(C2D1, server=ehr.base).determinations
    (found,) = [n for n in d.needed if n.item == "response"]
    assert "content not read" in found.because
    assert not found.orderable

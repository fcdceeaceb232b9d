"""What a line is and whose is found without parsing it, and never otherwise than by parsing it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.replay.reading import inputs, spool
from cds_service.replay.reading.lines import PATIENT_TYPES, Told, Unreadable, guessed, parsed, scanned, told
from cds_service.replay.reading.sight import at_sight, passed_over, places_of
from tests.fixtures import NAMES, Fixture

BUNDLED = [r for name in NAMES for r in (*Fixture(name).resources, *Fixture(name).drafts)]


def line_of(body: object, **how: object) -> bytes:
    return json.dumps(body, default=float, **how).encode()


def agrees(line: bytes) -> None:
    """The scanner says what the parser says, or nothing; at first sight at least no patient but its own is ruled out."""
    quick, seen = scanned(line), at_sight(line)
    try:
        whole = parsed(line)
    except Unreadable:
        return  # what cannot be parsed is refused later, when it is one of a patient with an order
    assert quick is None or quick == whole, line
    if seen is not None:
        assert seen.kind.decode() == whole.kind, line
        assert set(whole.patients) <= {seen.patient.decode()}, line
    typed = [kind for _, kind in places_of(line, 1, {whole.kind.encode()})]
    assert typed in ([None], [whole.kind.encode()]), line


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\t", " :  ")])
@pytest.mark.parametrize("sort_keys", [False, True])
def test_every_line_of_the_bundled_patients(separators, sort_keys):
    for body in BUNDLED:
        agrees(line_of(body, separators=separators, sort_keys=sort_keys))


def test_the_lines_of_an_export_are_not_parsed():
    """Not of every type: what is in doubt may be parsed, but that is the exception."""
    lines = [line_of(body, separators=(",", ":")) for body in BUNDLED]
    assert sum(scanned(line) is None for line in lines) < 0.1 * len(lines)
    assert sum(at_sight(line) is None for line in lines) < 0.1 * len(lines)


SUBJECT = '"subject":{"reference":"Patient/p1"}'


@pytest.mark.parametrize(
    "line",
    [
        '{"resourceType":"Observation","code":{"subject":{"reference":"Patient/other"}}}',
        '{"resourceType":"Observation","note":"{","x":{"subject":{"reference":"Patient/other"}}}',
        '{"resourceType":"Observation","note":"}","x":{"subject":{"reference":"Patient/other"}}}',
        '{"resourceType":"Observation","note":"}}","x":[{"y":"]","subject":{"reference":"Patient/other"}}]}',
        '{"resourceType":"Observation","a":{"subject":{"reference":"Patient/other"}},' + SUBJECT + "}",
        '{"resourceType":"Observation",' + SUBJECT + ',"subject":{"reference":"Patient/other"}}',
        '{"resourceType":"Observation","subject":{"reference":"Patient/p1","reference":"Patient/other"}}',
        '{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"x"}],' + SUBJECT + "}",
        '{"contained":[{"resourceType":"Observation"}],' + SUBJECT + "}",
        '{"resourceType":"Observation","\\u0073ubject":{"reference":"Patient/other"},' + SUBJECT + "}",
        '{"resourceType":"Observation","note":"\\"subject\\":{\\"reference\\":\\"Patient/other\\"}"}',
        '{"resourceType":"Observation","note":"\\\\",' + SUBJECT + "}",
        '{"resourceType":"Observation","subject":"subject",' + SUBJECT + "}",
        '{"resourceType":"Observation","patient":{"reference":"Patient/other"},' + SUBJECT + "}",
        '{"resourceType":"Observation","subject":{"reference":"Patient/p1/_history/2"}}',
        '{"resourceType":"Observation","subject":{"reference":"https://ehr/fhir/Patient/p1"}}',
        '{"resourceType":"Observation","subject":{"reference":" Patient/p1 "}}',
        '{"resourceType":"Observation","subject":{"reference":"MyPatient/p1"}}',
        '{"resourceType":"Observation","subject":{"reference":"Patient/p_1"}}',
        '{"resourceType":"Observation","subject":{"reference":"Group/p1"}}',
        '{"resourceType":"Observation","subject":{"display":"x","reference":"Patient/p1"}}',
        '{"resourceType":"Observation","subject":{"reference":"Patient/p1","identifier":{"value":"x"}}}',
        '{"resourceType":"Observation","subject":null}',
        '{"resourceType":"Observation","resourceType":"Condition",' + SUBJECT + "}",
        '{"resourceType":"Patient","identifier":[{"id":"x"}]}',
        '{"resourceType":"Patient","identifier":[{"id":"x"}],"id":"p1"}',
        '{"resourceType":"Patient","contact":{"id":"x"},"name":"}"}',
        '{"resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/p1"}},{"actor":{"reference":"Patient/p2"}}]}',
        '{"resourceType":"Observation","performer":[{"reference":"Patient/p1"}],"subject":{"reference":"Patient/other"}}',
        '{"resourceType":"Observation","performer":[{"reference":"Patient/p1"}],"subject":{"reference":"Patient\\/other"}}',
        '{"resourceType":"Observation","performer":[{"reference":"Patient/p1"}],"subject":{"reference":"\\u0050atient/other"}}',
        '{"resourceType":"Observation","performer":[{"reference":"Patient/p1"}],"subject":{"refer\\u0065nce":"Patient/other"}}',
        '{"resourceType":"Observation","note":"a line\\nof \\"text\\"",' + SUBJECT + "}",
        '{"resourceType":"Observation","note":"\\\\u0041",' + SUBJECT + "}",
        '{"resourceType":"Observation","performer":[{"reference":"Patient/p1"}],"subject":{"reference":"Patient/other/_history/2"}}',
        '{"resourceType":"Bundle","x":{"reference":"Patient/p1"}}',
        '{"resourceType":"Patient","id":"p1","link":[{"other":{"reference":"Patient/other"}}]}',
        '{"resourceType":"Patient","i\\u0064":"other","x":{"id":"p1"}}',
        '{"resourceType":"Patient", "id" : "p1"}',
        '{"resourceType":"Observ\\u0061tion",' + SUBJECT + "}",
        '{"resourceType":"Observation","resource\\u0054ype":"MedicationRequest",' + SUBJECT + "}",
        '[{"resourceType":"Observation",' + SUBJECT + "}]",
        '"{"',
        "{}",
    ],
)
def test_hostile_lines(line):
    agrees(line.encode())


NAMES_MET = [
    "subject",
    "patient",
    "beneficiary",
    "resourceType",
    "id",
    "reference",
    "display",
    "contained",
    "x",
]
TEXTS_MET = [
    "Patient/p1",
    "Patient/p2",
    "https://ehr/Patient/p3",
    "Observation",
    "Patient",
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    '"subject":{"reference":"Patient/p9"}',
    "é",
]
VALUES = st.recursive(
    st.sampled_from(TEXTS_MET) | st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES_MET), inner, max_size=4)
    ),
    max_leaves=12,
)
REFERENCES = st.fixed_dictionaries(
    {"reference": st.sampled_from(TEXTS_MET)}, optional={"display": st.sampled_from(TEXTS_MET)}
)
RESOURCES = st.dictionaries(st.sampled_from(NAMES_MET), VALUES | REFERENCES, max_size=6).flatmap(
    lambda body: st.permutations(list(({"resourceType": "Observation"} | body).items()))
)


@given(RESOURCES, st.booleans())
def test_any_resource(members, ascii_only):
    agrees(line_of(dict(members), separators=(",", ":"), ensure_ascii=ascii_only))


@given(RESOURCES, st.integers(0, 400))
def test_any_resource_cut_off_or_with_a_member_twice(members, cut):
    whole = line_of(dict(members), separators=(",", ":"))
    agrees(whole[:cut])
    agrees(whole[:-1] + b"," + whole[1:])


ODD = [
    b"",
    b" ",
    b"nonsense",
    b"\xff",
    b'{"resourceType":"Observation"',
    b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"',
    b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"},"x":"\xff"}',
    b'{"resourceType":"Observation","resourceType":"Condition","subject":{"reference":"Patient/p1"}}',
    b'{"resourceType":"Observation","performer":{"reference":"Patient/p1"},"subject":{"reference":"Patient/p2/_history/1"}}',
    b'{"resourceType":"Observation","performer":{"reference":"Patient/p1"},"subject":{"reference":"Patient\\/p2"}}',
    b'{"resourceType":"Bundle","x":{"reference":"Patient/p1"}}',
    b'{"resourceType":"Patient","id":"p1","link":[{"other":{"reference":"Patient/p2"}}]}',
    b'{"resourceType":"Patient","id":"p1"}',
    b'{"resourceType":"Patient","id":"p2","contact":{"id":"p1"}}',
]
PLAIN = b'{"resourceType":"Observation","subject":{"reference":"Patient/p3"}}'


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("others", [[], [PLAIN], [b'{"resourceType":"Patient","id":"p3"}']])
def test_an_odd_line_among_plain_ones_is_seen_as_by_itself(odd, others):
    for lines in ([odd, *others], [*others, odd]):
        seen = [at_sight(line) for line in lines]
        kinds, left = passed_over(b"\n".join(lines), lines, {b"p2"})
        assert left == [n for n, one in enumerate(seen) if one is None or one.patient == b"p2"]
        assert kinds == Counter(one.kind for n, one in enumerate(seen) if one is not None and n not in left)
    if odd:
        agrees(odd)


@given(
    st.lists(RESOURCES, min_size=1, max_size=6),
    st.sampled_from(
        [b"", b" ", b"nonsense", b'{"resourceType":"Observation"', b"\xff", b'{"resourceType":"Bundle"}']
    ),
    st.integers(0, 6),
    st.sets(st.sampled_from([b"p1", b"p2", b"p3", b"x"]), max_size=3),
    st.booleans(),
)
def test_lines_together_are_seen_as_each_by_itself(resources, odd, place, wanted, with_odd):
    """Which lines are passed over, and where those of a type stand, does not depend on the lines around them."""
    lines = [line_of(dict(members), separators=(",", ":")) for members in resources]
    lines[place:place] = [odd] if with_odd else []
    text = b"\n".join(lines)
    seen = [at_sight(line) for line in lines]
    kinds, left = passed_over(text, lines, wanted)
    assert left == [n for n, one in enumerate(seen) if one is None or one.patient in wanted]
    assert kinds == Counter(one.kind for n, one in enumerate(seen) if one is not None and n not in left)
    alone = [places_of(line, 1, {b"Observation", b"Patient"}) for line in lines]
    assert places_of(text, len(lines), {b"Observation", b"Patient"}) == [
        (n, found[0][1]) for n, found in enumerate(alone) if found
    ]


@pytest.mark.parametrize("repeated", [1, 3])
def test_the_lines_of_an_export_are_passed_over_together(repeated):
    """A file of one type as an export has it costs no look at any line, except at those of patients that are wanted."""
    for name in ("Patient", "Observation", "Condition", "MedicationRequest"):
        lines = [line_of(b, separators=(",", ":")) for b in BUNDLED if b["resourceType"] == name] * repeated
        text = b"\n".join(lines)
        kinds, left = passed_over(text, lines, set())
        assert (kinds, left) == (Counter({name.encode(): len(lines)}), [])
        of_one = [n for n, line in enumerate(lines) if told(line).patients == ("stale-cbc",)]
        kinds, left = passed_over(text, lines, {b"stale-cbc"})
        assert (kinds[name.encode()], left) == (len(lines) - len(of_one), of_one)


LINES = st.lists(
    st.builds(lambda members: line_of(dict(members), separators=(",", ":")), RESOURCES)
    | st.sampled_from([b"", b"nonsense", b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"},"a":tru}'])
    | st.sampled_from([b'{"resourceType":"Patient","id":"p1"}', b'{"resourceType":"Patient","id":"p2","contact":{"id":"p1"}}'])
    | st.sampled_from([b'{"resourceType":"Condition","subject":{"reference":"Patient\\/p1"}}', b'{"resourceType":"Bundle"}']),
    max_size=8,
)  # fmt: skip


@given(LINES, st.sets(st.sampled_from(["p1", "p2", "p3"])), st.integers(1, 200))
def test_what_is_kept_of_a_file_is_what_parsing_each_line_would_keep(lines, wanted, block):
    with tempfile.TemporaryDirectory() as held, mock.patch.object(inputs, "_BLOCK", block):
        folder = Path(held)
        (folder / "x.ndjson").write_bytes(b"\n".join(lines))
        (piece,) = inputs.pieces_of(inputs.files_of([folder / "x.ndjson"], folder / "out"), 10**9)
        place = spool.Spool(folder, "0")
        spool.keep(piece, place, {name.encode() for name in wanted})
        kept = [(e.patient, e.number, e.text) for e in place.entries() if not e.lost]
        unread = {json.loads(row)[0] for row in place.unread.read_text().splitlines()}
    by_parsing, unusable = [], set()
    for number, line in enumerate(lines, start=1):
        try:
            found = parsed(line) if line else Told("")
        except Unreadable:
            unusable.add(number)
            continue
        if found.kind in PATIENT_TYPES:
            by_parsing += [(patient, number, line) for patient in found.patients if patient in wanted]
    # Lines cut off or broken are told by the scanner alone; such ones are refused when they are read strictly.
    assert [one for one in kept if one[1] not in unusable] == by_parsing
    assert unread <= unusable
    plain = {n for n, line in enumerate(lines, start=1) if at_sight(line) or scanned(line)}
    assert unusable - plain <= unread


def test_two_names_in_one_line_do_not_make_up_for_none_in_another():
    """As many names as lines, but not one in each."""
    two = b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"},"focus":{"reference":"Patient/p2"}}'
    none = b'{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}'
    assert passed_over(two + b"\n" + none, [two, none], set()) == (Counter(), [0, 1])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "not JSON"),
        (b'{"resourceType":"Observation"', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"id":"x"}', "no resourceType"),
        (b'{"resourceType":"Bundle","entry":[]}', "Bundle"),
        (b'{"resourceType":"Patient"}', "usable id"),
        (b'{"resourceType":"Patient","id":"a b"}', "usable id"),
        (b'{"resourceType":"Observation","note":"\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}', "not understood"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(line, reason):
    with pytest.raises(Unreadable, match=reason):
        told(line)


def test_a_resource_of_nobody_is_no_fault():
    assert told(b'{"resourceType":"Observation"}') == Told("Observation")
    assert told(b'{"resourceType":"Observation","subject":{"reference":"Device/d"}}') == Told("Observation")


def test_whose_a_cut_off_line_seems_to_be():
    cut = b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"},"code":{"te'
    assert guessed(cut) == Told("Observation", ("p1",))
    assert guessed(b'{"resourceType":"Patient","id":"p1","name":[') == Told("Patient", ("p1",))
    both = b'{"resourceType":"Observation","performer":[{"reference":"Patient/p2"}],"subject":{"reference":"Patient/p1"},"code":{"te'
    assert guessed(both) == Told("Observation", ("p2", "p1"))  # it may be of either
    escaped = b'{"resourceType":"Observation","subject":{"reference":"Patient\\/p1"},"code":{"te'
    assert guessed(escaped) == Told("Observation", ("p1",))
    assert guessed(b"garbage") is None
    assert guessed(b'{"subject":{"reference":"Patient/p1') is None  # the id itself may be cut off

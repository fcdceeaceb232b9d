"""Whatever stands anywhere in a CRD call, the answer is an answer or a refusal, and breaks no invariant."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crd.calls import MET, ask, bundle, crd_call, information
from tests.crd.invariants import broken
from tests.operations.test_fuzz import _USUAL, ODD, _places, changed_in

# Thousands of calls over the same lines, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
_ORGANIZATION = {"resourceType": "Organization", "id": "o", "identifier": [{"system": "s", "value": "v"}]}


def _whole() -> dict[str, Any]:
    call = crd_call(MET, identifier=[{"type": {"coding": [{"code": "MB"}]}, "value": "M-1"}])
    resource = call["context"]["draftOrders"]["entry"][0]["resource"]
    resource |= {"insurance": [{"reference": "Coverage/c1"}], "extension": [{"url": "u", "valueString": "x"}]}
    call["prefetch"] |= {"organizations": bundle(_ORGANIZATION), "medications": bundle()}
    call["extension"] = {"davinci-crd.configuration": {"coverage-info": True, "max-cards": 9}}
    del call["fhirServer"]
    return call


WHOLE = _whole()
# What this service reads and the plain one does not.
PLACES = [
    path
    for path in _places(WHOLE)
    if path[0] in ("context", "extension")
    or path[:2] in (("prefetch", "coverage"), ("prefetch", "organizations"))
]


def test_a_call_changed_in_any_place_is_answered_or_refused(client: FlaskClient) -> None:
    seen = Counter[int]()

    @settings(max_examples=300, **_USUAL)  # type: ignore[arg-type]
    @given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3))
    def send(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        response = ask(client, changed_in(WHOLE, changes))
        seen[response.status_code] += 1
        assert response.status_code in (200, 400, 412, 422), changes
        for action in json.loads(response.data).get("systemActions", ()):
            assert broken(information({"extension": action["resource"]["extension"][-1:]})[0]) == []

    send()
    assert seen[200] > 0
    assert seen[400] > 0

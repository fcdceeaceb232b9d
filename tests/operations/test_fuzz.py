"""Requests of every shape: whatever is sent, no answer is a server error.

``make fuzz`` sends 20,000; the usual run 1,000 (most of the time goes into making them up).
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.operations.whole_service import complete_request, whole_service

# Thousands of requests over the same lines, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1000"))
HOOK = "/cds-services/inotuzumab-order-sign"
DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.yaml"
WHOLE = complete_request()
_USUAL = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": (Phase.generate,),
    "suppress_health_check": list(HealthCheck),
}
NEVER = (500, 501, 502, 504)

# What stands where something else was expected: wrong types, odd numbers, texts that readers trip over.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(
        ["", " ", "0", "-1", "1e999", "2026-13-45", "0000-01-01", "9999-12-31T23:59:60Z", "Patient/", "/", "#",
         "#a", "urn:uuid:x", "http://[", "mg/m2", "NaN", "\u202e", "\x00", "Observation/_history/1"]
    ),
    st.recursive(st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6),
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, held in members:
        yield from _places(held, (*path, name))


PLACES = list(_places(WHOLE))


def _changed(changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    return changed_in(WHOLE, changes)


def changed_in(whole: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """A copy with other values in these places."""
    request = copy.deepcopy(whole)
    for path, value in changes:
        holder = request
        try:
            for name in path[:-1]:
                holder = holder[name]
            holder[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken the place away
    return request


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("fuzz") / "cds.sqlite3"
    environment = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_DATABASE_URL": f"sqlite:///{database}",
        "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00",
        "CDS_LOG_LEVEL": "CRITICAL",
    }
    with whole_service(environment) as started:
        yield started


def _report(what: str, seen: Counter[int]) -> None:
    print(f"{sum(seen.values())} requests {what}: {dict(sorted(seen.items()))}")


def test_a_request_changed_in_any_place_is_never_a_server_error(app: Flask) -> None:
    client, seen = app.test_client(), Counter[int]()

    @settings(max_examples=REQUESTS * 6 // 10, **_USUAL)  # type: ignore[arg-type]
    @given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=4))
    def send(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        answer = client.post(HOOK, data=json.dumps(_changed(changes)), content_type="application/json")
        seen[answer.status_code] += 1
        assert answer.status_code < 500, changes

    send()
    _report("changed in one to four places", seen)
    assert seen[200] > 0
    assert seen[400] > 0


def test_bytes_that_are_almost_json_are_never_a_server_error(app: Flask) -> None:
    client, seen = app.test_client(), Counter[int]()
    whole = json.dumps(WHOLE).encode()

    @settings(max_examples=REQUESTS // 10, **_USUAL)  # type: ignore[arg-type]
    @given(st.integers(0, len(whole)), st.binary(max_size=8), st.integers(0, 50))
    def send(at: int, put: bytes, cut: int) -> None:
        answer = client.post(HOOK, data=whole[:at] + put + whole[at + cut :])
        seen[answer.status_code] += 1
        assert answer.status_code < 500

    send()
    _report("damaged as bytes", seen)


def test_every_described_path_is_a_route(app: Flask) -> None:
    described = schemathesis.openapi.from_path(str(DESCRIPTION)).raw_schema["paths"]
    routes = {re.sub(r"<(?:\w+:)?\w+>", "{}", rule.rule) for rule in app.url_map.iter_rules()}

    assert {re.sub(r"\{\w+\}", "{}", path) for path in described} <= routes


@pytest.mark.parametrize(
    "operation",
    [
        "discovery", "orderSign", "feedback", "up", "ready", "metrics", "metadata", "form", "forms", "formLibrary",
        "questionnairePackage", "logQuestionnaireErrors", "expand", "expandPosted", "smartConfiguration",
    ],
)  # fmt: skip
def test_what_the_description_allows_and_forbids_is_never_a_server_error(app: Flask, operation: str) -> None:
    schema = schemathesis.openapi.from_path(str(DESCRIPTION))
    found = schema.find_operation_by_id(operation)
    client, seen = app.test_client(), Counter[int]()
    share = {"orderSign": 4, "feedback": 20, "questionnairePackage": 20}.get(operation, 1000)

    @settings(max_examples=max(1, REQUESTS // share), **_USUAL)  # type: ignore[arg-type]
    @given(case=found.as_strategy() | found.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    def send(case: Any) -> None:
        seen[_answered(client, case)] += 1

    send()
    _report(f"by the description of {operation}", seen)


def _answered(client: FlaskClient, case: Any) -> int:
    body = None if isinstance(case.body, schemathesis.core.NotSet) else json.dumps(case.body, default=str)
    answer = client.open(
        case.formatted_path,
        method=case.method,
        data=body,
        query_string=dict(case.query or {}),
        content_type="application/json" if body is not None else None,
    )
    assert answer.status_code not in NEVER, case.as_curl_command()
    assert answer.status_code != 503, case.as_curl_command()
    return answer.status_code

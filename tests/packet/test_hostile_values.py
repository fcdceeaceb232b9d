"""Charts, orders and requests with hostile values: a packet is made all the same, and every request is answered."""

from __future__ import annotations

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from cds_service.ehr.bundles import read_page
from cds_service.fhir.record import Resource, record_from
from cds_service.packet.named import with_named
from tests.fixtures import CLOCK
from tests.operations.mutants import mutants
from tests.packet.conftest import Start
from tests.packet.insured import POLICY, Body, around, chart, coverage, drafts, made_packets, record
from tests.packet.test_fhir_routes import PACKAGE, asked, canonical, context, kept, order

MUTANTS = int(os.environ.get("FUZZ_MUTANTS", "2000")) // 20
SEED = int(os.environ.get("FUZZ_SEED", "20260415"))
NAME = "relapsed-single-agent"
ODD: list[Any] = [
    None, True, 0, -1, 7, 2.5, "", " ", "x", [], {}, [None], [[]], [{}], {"x": {}}, {"reference": 5}, {"reference": "#x"},
    {"coding": "x"}, {"coding": [None]}, "2026", "0001-01-01", "9" * 400, 10**40, "\u202e\x00", "Patient/", "#", "http://[",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inner:
        yield from places(held, (*path, name))


def changed(body: Any, chance: random.Random) -> Any:
    """A copy with one or two members replaced."""
    made = copy.deepcopy(body)
    for _ in range(chance.choice((1, 1, 2))):
        path = chance.choice(list(places(made)))
        holder = made
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = copy.deepcopy(chance.choice(ODD))
    return made


def test_no_value_of_the_chart_or_the_order_costs_the_packet() -> None:
    for mutant in mutants(SEED + 7, MUTANTS):
        read = json.loads(json.dumps(mutant.request), parse_float=Decimal)
        patient = read["context"]["patientId"]
        orders = [e["resource"] for e in read["context"]["draftOrders"]["entry"]]
        pages = [read_page(value) for value in read["prefetch"].values()]
        held = [*(r for page in pages for r in page.resources), Resource(coverage(patient))]
        whole = with_named(record_from(patient, held), [Resource(body) for body in around(patient)])
        found = POLICY.determine(whole, [Resource(o, "draft order") for o in orders], CLOCK)

        assert sum(
            len(json.loads(p.files["packet.json"])["orders"]) for p in made_packets("", whole, orders)
        ) == len(found), mutant.what


def test_no_value_of_plan_people_and_places_costs_the_packet() -> None:
    chance = random.Random(SEED)
    for _ in range(MUTANTS):
        resources, beside, orders = chart(NAME), around(NAME), drafts(NAME)
        group = chance.choice((resources, beside, beside, orders))
        at = len(group) - 1 if group is resources else chance.randrange(len(group))
        group[at] = changed(group[at], chance) | {"resourceType": group[at]["resourceType"]}
        whole = record(NAME, resources, beside)

        for made in made_packets(NAME, whole, orders):
            assert json.loads(made.files["packet.json"])["gaps"], group[at]


def test_a_request_changed_in_any_place_is_never_a_server_error(start: Start) -> None:
    dev = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_CONFIG": "",
        "CDS_PUBLIC_URL": "http://127.0.0.1:8080",
    }
    app = start(fixed_now=CLOCK, CDS_LOG_LEVEL="CRITICAL", **dev)
    kept(app, tenant="dev")
    client, chance = app.test_client(), random.Random(SEED)
    whole: Body = asked(
        order(), canonical(), context(), {"name": "changedsince", "valueInstant": "2026-04-15T08:00:00Z"}
    )
    seen = Counter(_status(client, changed(whole, chance)) for _ in range(MUTANTS))

    assert max(seen) < 500
    assert seen[200] > 0
    assert seen[400] > 0


def _status(client: FlaskClient, body: Any) -> int:
    answer = client.post(PACKAGE, data=json.dumps(body, default=float), content_type="application/fhir+json")
    assert answer.status_code < 500, body
    return answer.status_code

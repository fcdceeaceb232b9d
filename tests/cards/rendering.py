"""Cards of worked patients, by the public path, and the words in them."""

from cards import render
from tests.policy.chart_notes import CLOCK, determine_all

URL = "https://cds.example.org"


def cards_of(
    resources, orders, *, tenant="hospital-a", patient_id="p1", clock=CLOCK, gaps=(), app_context=None
):
    found = determine_all(resources, orders, clock=clock, gaps=gaps)
    by_reference = {f"{o['resourceType']}/{o['id']}": o for o in orders}
    return render(
        found,
        tenant=tenant,
        patient_id=patient_id,
        orders=by_reference,
        public_url=URL,
        app_context=app_context,
    )


def facts(card):
    return card["extension"]["payer-policy-cds"]


def of_kind(cards, kind):
    """The only card of a kind, or None."""
    found = [c for c in cards if facts(c)["kind"] == kind]
    assert len(found) <= 1
    return found[0] if found else None


def texts(value):
    """Every string in a card, however deep, without codes, references and addresses."""
    match value:
        case dict():
            for key, member in value.items():
                if key not in (
                    "resource",
                    "system",
                    "code",
                    "url",
                    "uuid",
                    "order",
                    "evidence",
                    "appContext",
                ):
                    yield from texts(member)
        case list():
            for item in value:
                yield from texts(item)
        case str():
            yield value

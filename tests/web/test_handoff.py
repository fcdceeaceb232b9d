"""The draft order behind a card opens for the same EHR, patient and user, for fifteen minutes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cds_service.fhir.record import Resource
from cds_service.smart.handoff import Handoff
from cds_service.store.vault import Vault
from tests.web import conftest
from tests.web.conftest import SECRET, HandClock

ORDER = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "dosageInstruction": [
        {"text": "\ue0005\ue000", "doseAndRate": [{"doseQuantity": {"value": Decimal("1.40")}}]}
    ],
}
WHO = {"iss": "https://ehr.example.org/fhir", "patient": "p1", "user": "Practitioner/1"}


@pytest.fixture
def handoff(vault: Vault) -> Handoff:
    return Handoff(vault, SECRET)


@pytest.fixture
def remembered(vault: Vault) -> Callable[..., str]:
    def keeping(handoff: Handoff, **who: str) -> str:
        return conftest.remembered(vault, handoff, Resource(ORDER, "draft order"), **{**WHO, **who})

    return keeping


def test_the_order_comes_back_with_its_numbers_as_written(
    remembered: Callable[..., str], handoff: Handoff
) -> None:
    drafts = handoff.recall(remembered(handoff), **WHO)
    assert drafts is not None
    assert (drafts.order, drafts.resources) == (
        "MedicationRequest/draft-1",
        (Resource(ORDER, "draft order"),),
    )
    (dosage,) = drafts.resources[0].body["dosageInstruction"]
    assert str(dosage["doseAndRate"][0]["doseQuantity"]["value"]) == "1.40"


@pytest.mark.parametrize(
    "other", [{"iss": "https://other.example.org/fhir"}, {"patient": "p2"}, {"user": "Practitioner/2"}]
)
def test_for_someone_else_it_does_not_open(
    remembered: Callable[..., str], handoff: Handoff, other: dict[str, str]
) -> None:
    assert handoff.recall(remembered(handoff), **{**WHO, **other}) is None


def test_after_fifteen_minutes_it_does_not_open(
    remembered: Callable[..., str], handoff: Handoff, clock: HandClock
) -> None:
    app_context = remembered(handoff)
    clock.now += 899
    assert handoff.recall(app_context, **WHO) is not None
    clock.now += 1
    assert handoff.recall(app_context, **WHO) is None


@pytest.mark.parametrize(
    "unknown",
    [None, "", "x" * 64, "x" * 100_000, "{}", pytest.param("\ud800" * 64, id="halves of characters")],
)
def test_what_we_did_not_give_out_does_not_open(
    remembered: Callable[..., str], handoff: Handoff, unknown: str | None
) -> None:
    remembered(handoff)
    assert handoff.recall(unknown, **WHO) is None


def test_the_id_shows_nothing_is_short_and_is_the_same_for_the_same_request(
    remembered: Callable[..., str], handoff: Handoff
) -> None:
    app_context = remembered(handoff)
    assert app_context == remembered(handoff)
    assert app_context != remembered(handoff, patient="p2")
    assert len(app_context.encode()) <= 200
    assert "p1" not in app_context


def test_the_id_cannot_be_guessed_without_the_secret(remembered: Callable[..., str], vault: Vault) -> None:
    assert remembered(Handoff(vault, SECRET)) != remembered(Handoff(vault, "b" * 32))


def test_an_absolute_user_of_the_launch_is_the_hooks_relative_one(
    remembered: Callable[..., str], handoff: Handoff
) -> None:
    absolute: dict[str, Any] = {**WHO, "user": f"{WHO['iss']}/Practitioner/1"}
    assert handoff.recall(remembered(handoff), **absolute) is not None


def test_drafts_too_large_to_keep_are_not_kept(handoff: Handoff) -> None:
    large = {**ORDER, "note": [{"text": "x" * 300_000}]}
    assert handoff.remember("MedicationRequest/draft-1", [Resource(large)], **WHO) is None

"""What a policy file says of itself for discovery, and which fault of it is named."""

from __future__ import annotations

import pytest

from cds_service.engine.outline import PolicyError
from cds_service.policies import installed
from cds_service.policies.described import described

_WHOLE = """
[service]
title = "t"
description = "d"
billing = { code = "c", display = "n" }
"""


def test_a_policy_is_described() -> None:
    found = described(_WHOLE)

    assert (found.title, found.description, found.billing["code"]) == ("t", "d", "c")


@pytest.mark.parametrize(
    ("taken", "named"),
    [
        (_WHOLE, "title, description, billing.code"),
        ('title = "t"', "title"),
        ('description = "d"', "description"),
        ('code = "c", ', "lacks: billing.code"),
    ],
)
def test_what_is_missing_is_named(taken: str, named: str) -> None:
    with pytest.raises(PolicyError, match=named):
        described(_WHOLE.replace(taken, ""))


def test_every_installed_policy_says_that_it_decides_nothing() -> None:
    for policy in installed().values():
        assert "neither approves nor denies" in policy.described.description

"""The policy file, and its numbers by name. A number is written there, under its rule, and nowhere else."""

from __future__ import annotations

from importlib.resources import files

from cds_service.engine.policy_file import read_policy

POLICY = read_policy(
    files("cds_service.policies.inotuzumab").joinpath("policy.toml").read_text(encoding="utf-8")
)
_NUMBERS = POLICY.numbers
number, days, span = _NUMBERS.number, _NUMBERS.days, _NUMBERS.span
said, word, nth, filled = _NUMBERS.said, _NUMBERS.word, _NUMBERS.nth, _NUMBERS.filled

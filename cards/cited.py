"""What a finding rests on, in words: policy, label or recommendation, and the place in the document."""

from __future__ import annotations

from cds_service.engine.determination import Basis, Determination, Finding
from cds_service.engine.wording import lower_first

BASIS = {Basis.POLICY: "policy", Basis.LABEL: "FDA label", Basis.RECOMMENDATION: "recommendation"}


def source(d: Determination, f: Finding) -> str:
    """``policy, Limits B, hematologic table``; no section where the rule is not the payer's."""
    cited = [d.policy.rules[r] for r in f.rules if r in d.policy.rules]
    section = next((c.section for c in cited if c.section), "") if f.basis is Basis.POLICY else ""
    return f"{BASIS[f.basis]}, {section}" if section else BASIS[f.basis]


def ground(d: Determination, f: Finding) -> str:
    """The rule itself in one line, for a finding whose summary has said all the rest."""
    if f.basis is Basis.RECOMMENDATION:
        return "This is a recommendation, not policy."
    title = next((d.policy.rules[r].title for r in f.rules if r in d.policy.rules), "")
    rests = f"Rests on the {source(d, f)}"
    return f"{rests}: {lower_first(title)}." if title else f"{rests}."

"""The page as plain text, to be pasted into a note or a payer's form."""

from __future__ import annotations

from cards.text import sentence
from cds_service.smart.page.detail import DetailPage
from cds_service.smart.page.wording import units


def plain_text(page: DetailPage) -> str:
    """Verdict, next steps and criteria with their reasons, one to a line."""
    one = page.determination
    lines = [
        f"{one.policy.id} (effective {one.policy.effective}): {page.sentence}.",
        f"Dose and safety: {page.head.safety.text}.",
        f"{page.request_line}. Criteria: {page.tally}.",
        f"Patient: {page.banner.name}, born {page.banner.born}.",
        *(f"{field.label}: {field.value}." for field in page.form if field.known),
        *((f"{one.payer.because}.",) if one.payer is not None else ()),
        "",
        "To do:",
        *(f"- {step.text}" + (f": {step.why}" if step.why else "") for step in page.steps),
        "",
        "Criteria:",
    ]
    for group in page.groups:
        for row in group.rows:
            one_row = f"- [{row.word}] {row.result.section} {row.result.title}: {row.result.because}"
            lines.append(sentence(one_row))
    if one.dose is not None and one.dose.arithmetic:
        lines += ["", f"Dose: {one.dose.arithmetic}"]
    if one.unseen:
        lines += ["", "Could not be seen:", *(f"- {kind}: {reason}" for kind, reason in one.unseen)]
    evaluated = page.provenance.evaluated.isoformat(timespec="minutes")
    lines += [
        "",
        f"Evaluated {evaluated} by payer-policy-cds {page.provenance.engine}; no approval or denial.",
    ]
    return units("\n".join(lines))

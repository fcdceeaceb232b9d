"""The ordered dose against the table, in words: one line for the coverage card, the summary of the dose card.

Figures are given to 0.01 mg and 0.01 m2; the extension has them exact.
"""

from __future__ import annotations

from decimal import Decimal

from cards.text import counted
from cds_service.engine.determination import Determination, Dose
from cds_service.engine.wording import percent_off
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import plain

_CENT = Decimal("0.01")
_ABSURD = 1_000_000


def brief(value: Decimal) -> str:
    """A figure to two places; one too small for them as it is, one beyond all sense by its size alone."""
    return f"over {_ABSURD}" if value > _ABSURD else plain(to_place(value, _CENT) or value)


def reduction_is_due(d: Determination) -> bool:
    return any(f.kind == "dose-reduction-due" for f in d.findings)


def dose_line(d: Determination) -> str:
    """The dose in one line that ends in fits, above, below or reduce; open rows with what each depends on."""
    dose = d.dose
    if dose is None:
        return ""
    ordered = (
        f"{brief(dose.ordered_mg)} mg ordered" if dose.ordered_mg is not None else "ordered dose not read"
    )
    on = f" for {dose.on}" if dose.on else ""
    if dose.expected_mg is None:
        rows = "; ".join(f"{brief(o.expected_mg)} mg {o.said}" for o in dose.options)
        return (
            f"Dose: {ordered}{on}; the table's row is open: {rows}{_open_end(dose)}."
            if rows
            else f"Dose: {ordered}{on}: not checked."
        )
    billed = f"{dose.billing_units} units of {d.policy.drug.billing_unit}"
    amount = f"{billed}, {counted(dose.vials or 0, 'vial', 'vials')}"
    return f"Dose: {ordered}{on}, table {_table(dose)}, {amount}: {_end(d, dose)}."


def _table(dose: Dose) -> str:
    if dose.mg_per_m2 is None or dose.bsa_m2 is None or dose.expected_mg is None:
        return ""
    cut = f" ({dose.reduced})" if dose.reduced else ""
    return f"{plain(dose.mg_per_m2)} mg/m2{cut} x {brief(dose.bsa_m2)} m2 = {brief(dose.expected_mg)} mg"


def _end(d: Determination, dose: Dose) -> str:
    if reduction_is_due(d) and dose.verdict == "over":
        return "reduce"
    return {"ok": "fits", "over": "above", "under": "below"}.get(dose.verdict, "not checked")


def _open_end(dose: Dose) -> str:
    where = _beside_rows(dose) if dose.verdict in ("over", "under") else ""
    return {"above": ": above all", "below": ": below all", "between": ": between them"}.get(where, "")


def _beside_rows(dose: Dose) -> str:
    """On which side of the rows that may apply an ordered dose stands that fits none of them."""
    ordered = dose.ordered_mg
    if ordered is None or not dose.options:
        return ""
    if ordered > max(option.high_mg for option in dose.options):
        return "above"
    return "below" if ordered < min(option.low_mg for option in dose.options) else "between"


def dose_summary(d: Determination, name: str) -> str:
    """How far the ordered dose is from the table; empty where that cannot be determined."""
    dose = d.dose
    if dose is None or dose.ordered_mg is None or dose.verdict not in ("over", "under"):
        return ""
    above = dose.verdict == "over"
    day = f" for {dose.on}" if dose.on else ""
    figures = f"{brief(dose.ordered_mg)} mg ordered{day}"
    if dose.expected_mg is None:
        side = _beside_rows(dose) or ("above" if above else "below")
        where = "between the rows" if side == "between" else f"{side} every row"
        rows = f"{' or '.join(brief(o.expected_mg) for o in dose.options)} mg"
        return f"Correct the dose{name}: it is {where} of the table, {figures}, table {rows}"
    apart = _apart(dose, dose.ordered_mg, dose.expected_mg)
    return f"Dose {apart}{name}: {figures}, table {brief(dose.expected_mg)} mg"


def _apart(dose: Dose, ordered: Decimal, expected: Decimal) -> str:
    """``10 times too high``, ``18 % above the table``."""
    times = ordered / expected
    if times >= 2:
        return f"{brief(to_place(times, Decimal(1 if times >= 9 else '0.1')))} times too high"
    return f"{percent_off(ordered, expected, dose.low_mg, dose.high_mg)} the table"

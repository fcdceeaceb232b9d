"""``decisions.parquet``: the decisions flat, one column for each verdict, count and figure of the dose.

Written where pyarrow is installed (the extra ``replay``), which this module alone imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

NAME = "decisions.parquet"
_ROWS = 1024  # written at a time
_DOSE_NUMBERS = ("ordered_mg", "expected_mg", "low_mg", "high_mg", "mg_per_m2", "bsa_m2")
_UNITS = "units_"  # before the code that a drug's units are billed under
_INDICATORS = ("critical", "warning", "info")


def is_available() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def write(decisions: Iterable[Mapping[str, Any]], criteria: Sequence[str], path: Path) -> None:
    """Write the table; ``criteria`` are the ids that get a column each. Raises OSError."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = _schema(pa, criteria)
    rows = (_row(d, criteria) for d in decisions)
    with parquet.ParquetWriter(path, schema) as writer:
        writer.write_table(schema.empty_table())
        while batch := list(islice(rows, _ROWS)):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def _schema(pa: Any, criteria: Sequence[str]) -> Any:
    text, whole, number = pa.string(), pa.int32(), pa.float64()
    return pa.schema(
        [
            *(
                (name, text)
                for name in ("patient", "order", "as_of", "month", "policy_id", "policy_effective")
            ),
            *((name, text) for name in ("request", "coverage")),
            *((name, whole) for name in ("cycle", "day")),
            *((name, text) for name in criteria),
            *((f"criteria_{verdict}", whole) for verdict in ("met", "not_met", "unknown")),
            *((f"findings_{indicator}", whole) for indicator in _INDICATORS),
            ("finding_kinds", pa.list_(text)),
            ("needed_deciding", whole),
            ("needed_informing", whole),
            ("needed_items", pa.list_(text)),
            ("dose_verdict", text),
            *((f"dose_{name}", number) for name in _DOSE_NUMBERS),
            *((f"dose_{name}", whole) for name in ("units", "vials")),
        ]
    )


def _row(d: Mapping[str, Any], criteria: Sequence[str]) -> dict[str, Any]:
    verdicts = {c["id"]: c["verdict"] for c in d["criteria"]}
    found = list(verdicts.values())
    urgency = [f["indicator"] for f in d["findings"]]
    decides = [n.get("decides", True) for n in d["needed"]]
    dose = d.get("dose") or {}
    return {
        **{name: d[name] for name in ("patient", "order", "as_of", "request", "coverage", "cycle", "day")},
        "month": d["as_of"][:7],
        "policy_id": d["policy"]["id"],
        "policy_effective": d["policy"]["effective"],
        **{name: verdicts.get(name) for name in criteria},
        **{f"criteria_{v.replace('-', '_')}": found.count(v) for v in ("met", "not-met", "unknown")},
        **{f"findings_{indicator}": urgency.count(indicator) for indicator in _INDICATORS},
        "finding_kinds": list(dict.fromkeys(f["kind"] for f in d["findings"])),
        "needed_deciding": decides.count(True),
        "needed_informing": decides.count(False),
        "needed_items": [n["item"] for n in d["needed"]],
        "dose_verdict": dose.get("verdict"),
        "dose_units": next((count for name, count in dose.items() if name.startswith(_UNITS)), None),
        "dose_vials": dose.get("vials"),
        **{f"dose_{name}": dose.get(name) for name in _DOSE_NUMBERS},
    }

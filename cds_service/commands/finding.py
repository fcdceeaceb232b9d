"""One thing that a check-up has looked at."""

from __future__ import annotations

from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and found. ``mend`` says what to do, and is empty when all is well.

    ``warns``: the service works, and something should be looked at all the same.
    """

    about: str
    text: str
    mend: str = ""
    warns: bool = False

    @property
    def state(self) -> str:
        """``ok``, ``warning`` or ``fault``."""
        if not self.mend:
            return "ok"
        return "warning" if self.warns else "fault"

    @property
    def as_json(self) -> dict[str, str]:
        return {"about": self.about, "state": self.state, "text": self.text, "mend": self.mend}

"""One table of the trust file, read member by member, with every fault kept until the whole file is read.

Knows TOML's types and what may be said of a member; knows no tenant. A reader that finds a fault notes
it and gives a value that will never be used, so that the next fault is found in the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cds_service.settings.tenants import Fault, address_fault, nearest

Made = TypeVar("Made")


@dataclass
class Reading:
    """What all tables of one reading share: where the file is, whether in development, the faults so far."""

    folder: Path
    dev: bool
    faults: list[Fault] = field(default_factory=list)


class Table:
    """One table. What was not asked for when :meth:`finish` is called is a fault."""

    def __init__(self, members: Mapping[str, Any], path: str, reading: Reading) -> None:
        self._members, self._path, self._reading = members, path, reading
        self._asked: set[str] = set()
        self._missing: dict[str, Fault] = {}

    def at(self, member: str) -> str:
        return f"{self._path}.{member}" if self._path else member

    def fault(self, member: str, what: str, mend: str = "") -> None:
        """Note what is wrong with a member."""
        self._reading.faults.append(self._fault(member, what, mend))

    def _fault(self, member: str, what: str, mend: str) -> Fault:
        return Fault(f"trust file: {self.at(member)} {what}", mend or f"correct {member} in the trust file")

    def missing(self, member: str, what: str = "is missing") -> None:
        """Note that a member is needed; no fault of its own where a misspelt one is found."""
        self._missing[member] = self._fault(member, what, f"add {member} to the table {self._path}")

    def has(self, member: str) -> bool:
        return self._get(member) is not None

    def _get(self, member: str) -> Any:
        self._asked.add(member)
        return self._members.get(member)

    def text(self, member: str) -> str | None:
        value = self._get(member)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.fault(member, "must be a string that is not blank")
            return None
        return value

    def required_text(self, member: str) -> str:
        if not self.has(member):
            self.missing(member)
        return self.text(member) or ""

    def texts(self, member: str) -> tuple[str, ...] | None:
        value = self._get(member)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            self.fault(member, "must be a list of strings")
            return ()
        return tuple(value)

    def each(self, member: str, read: Callable[[str], Made]) -> tuple[Made, ...]:
        """Each of a list of strings as ``read`` makes it; what it raises ValueError for is a fault."""
        made = []
        for text in self.texts(member) or ():
            try:
                made.append(read(text))
            except ValueError as wrong:
                self.fault(member, str(wrong))
        return tuple(made)

    def choices(self, member: str, allowed: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        if not self.has(member):
            return default
        values = self.texts(member) or ()
        if not values or not set(values) <= set(allowed):
            self.fault(member, f"must be a list of some of: {', '.join(allowed)}")
            return default
        return values

    def address(self, member: str) -> str | None:
        value = self.text(member)
        if value is not None and (fault := self._address_fault(value)) is not None:
            self.fault(member, fault)
        return value

    def addresses(self, member: str) -> tuple[str, ...]:
        def read(value: str) -> str:
            if (fault := self._address_fault(value)) is not None:
                raise ValueError(fault)
            return value

        return self.each(member, read)

    def _address_fault(self, value: str) -> str | None:
        fault = address_fault(value, allow_loopback_http=self._reading.dev)
        return f"{fault}: {value}" if fault is not None else None

    def file(self, member: str) -> Path | None:
        """The file that a member names, relative to the trust file."""
        value = self.text(member)
        if value is None:
            return None
        path = self._reading.folder / value
        if not path.is_file():
            mend = "put the file there, or correct the path, which is relative to the trust file"
            self.fault(member, f"names a file that does not exist: {path}", mend)
            return None
        return path

    def tables(self, member: str) -> list[Table]:
        value = self._get(member)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.fault(member, f"must be written as [[{self.at(member)}]]")
            return []
        return [Table(v, f"{self.at(member)}[{index}]", self._reading) for index, v in enumerate(value)]

    def table(self, member: str) -> Table | None:
        value = self._get(member)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(member, f"must be written as [{self.at(member)}]")
            return None
        return Table(value, self.at(member), self._reading)

    def finish(self) -> None:
        """Note the members that nobody asked for, with the nearest known name, and those that are missing."""
        for unknown in sorted(set(self._members) - self._asked):
            meant = nearest(unknown, self._asked - set(self._members))
            hint = f"; did you mean {meant}?" if meant else ""
            mend = f"rename {unknown} to {meant}" if meant else f"remove {unknown}"
            self.fault(unknown, f"is not a known member{hint}", mend)
            self._missing.pop(meant, None)
        self._reading.faults.extend(self._missing.values())

"""The environment as settings are read from it: known names, secrets in files, and every fault found.

Knows how a setting is given, not what any of them means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from cds_service.settings.tenants import Fault, SettingsError, nearest

FROM_FILES = ("CDS_DATABASE_URL", "CDS_SECRET_KEY")
"""Settings that hold secrets: each may be given as ``…_FILE``, the path of a file that holds the value."""

Value = TypeVar("Value")


def secret_of(path: Path) -> str:
    """The one line of a file that holds a secret. Raises ValueError that says what is wrong, not what it holds."""
    try:
        content = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text") from None
    if not content:
        raise ValueError(f"{path} is empty")
    if len(content.splitlines()) > 1:
        raise ValueError(f"{path} must hold one line")
    return content


class Environment:
    """The settings that are given. ``faults`` grows while they are read."""

    def __init__(self, environ: Mapping[str, str], known: Collection[str]) -> None:
        self.faults: list[Fault] = []
        self._settled: set[str] = set()  # names whose fault is noted: being absent is no second one
        given = {name: value.strip() for name, value in environ.items() if name.startswith("CDS_")}
        for name in sorted(given.keys() - set(known)):
            self._note_unknown(name, known)
        self.given = {name: value for name, value in given.items() if value}
        for name in FROM_FILES:
            self._read_file(name)

    def _note_unknown(self, name: str, known: Collection[str]) -> None:
        meant = nearest(name, known)
        hint = f"; did you mean {meant}?" if meant else ""
        mend = f"rename it to {meant}" if meant else "remove it"
        self.faults.append(Fault(f"{name} is not a known setting{hint}", mend))
        self._settled |= {meant, meant.removesuffix("_FILE")}

    def _read_file(self, name: str) -> None:
        path = self.given.get(f"{name}_FILE")
        if path is None:
            return
        if name in self.given:
            self.faults.append(Fault(f"{name} and {name}_FILE are both set", "keep one of them"))
            return
        try:
            self.given[name] = secret_of(Path(path))
        except ValueError as wrong:
            mend = "put the secret there as one line that the service's account may read"
            self.faults.append(Fault(f"{name}_FILE: {wrong}", mend))
            self._settled.add(name)

    def take(self, name: str, reading: Callable[[], Value], instead: Value) -> Value:
        """What ``reading`` makes of a setting; what it raises SettingsError for is noted.

        ``instead`` then stands for the value, and also where a fault of the name is noted already.
        """
        if name in self._settled and name not in self.given:
            return instead
        try:
            return reading()
        except SettingsError as error:
            self.faults.extend(error.faults)
            return instead

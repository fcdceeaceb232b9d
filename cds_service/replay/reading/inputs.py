"""The files of an export as pieces of bounded size, and a piece as lines with their numbers.

A piece of a plain file begins and ends at line ends; a compressed file is one piece. No line is read
beyond a limit, so that no file can fill the memory.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LONGEST = 32 * 1024 * 1024  # bytes of a line
_BLOCK = 1024 * 1024
_KEPT = 64 * 1024  # bytes of a line that is too long, to tell whose it is
_ENDINGS = (".ndjson", ".ndjson.gz")
_GZIP = b"\x1f\x8b"
_MARK = b"\xef\xbb\xbf"  # which some programs put before UTF-8
_OTHER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class InputError(ValueError):
    """What was given as input cannot be used; the message says what and why."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file. ``name`` is how results name it: its path from the folder that was given, else its own name."""

    path: Path
    name: str
    size: int
    changed: int

    @property
    def is_compressed(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(2) == _GZIP


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file, from ``start`` to ``end`` in bytes as they lie on the disk."""

    file: InputFile
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot even be taken in: why, and how it begins."""

    reason: str
    beginning: bytes = b""


def files_of(inputs: Sequence[Path], out: Path) -> list[InputFile]:
    """The files given, and all NDJSON files of the folders given, each once; none of the results' own folder."""
    found: dict[Path, InputFile] = {}
    for given in inputs:
        if given.is_dir():
            inside = sorted(p for p in given.rglob("*") if p.name.endswith(_ENDINGS) and p.is_file())
            inside = [p for p in inside if out.resolve() not in p.resolve().parents]
            if not inside:
                raise InputError(f"{given}: no file ending in {' or '.join(_ENDINGS)} is in this folder")
            named = [(p, p.relative_to(given).as_posix()) for p in inside]
        elif given.is_file():
            named = [(given, given.name)]
        else:
            raise InputError(f"{given}: there is no such file or folder")
        for path, name in named:
            about = path.stat()
            found.setdefault(path.resolve(), InputFile(path, name, about.st_size, about.st_mtime_ns))
    return sorted(found.values(), key=lambda file: (file.name, str(file.path)))


def pieces_of(files: Sequence[InputFile], size: int) -> list[Piece]:
    """All files in pieces of about a size in bytes. Raises OSError."""
    return [piece for file in files for piece in _cut(file, size)]


def _cut(file: InputFile, size: int) -> Iterator[Piece]:
    if file.size <= size or file.is_compressed:
        yield Piece(file, 0, file.size)
        return
    with file.path.open("rb") as opened:
        start = 0
        while start < file.size:
            end = _line_end(opened, min(start + size, file.size))
            yield Piece(file, start, end)
            start = end


def _line_end(opened: BinaryIO, at: int) -> int:
    """The end of the line that holds the byte before ``at``."""
    opened.seek(at - 1)
    while block := opened.read(_BLOCK):
        place = block.find(b"\n")
        if place >= 0:
            return opened.tell() - len(block) + place + 1
    return opened.tell()


def lines_of(piece: Piece, longest: int = LONGEST) -> Iterator[tuple[int, bytes | BadLine]]:
    """The lines of a piece with their numbers in it, from 1, and without blanks around them. Raises OSError."""
    with piece.file.path.open("rb") as opened:
        compressed = opened.read(2) == _GZIP
        opened.seek(piece.start)
        stream: BinaryIO = (
            gzip.GzipFile(fileobj=opened) if compressed else _Until(opened, piece.end - piece.start)  # type: ignore[assignment]
        )
        number = 0
        try:
            for line in _split(stream, longest, at_start=piece.start == 0):
                number += 1
                yield number, line if isinstance(line, BadLine) else bare(line)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield number + 1, BadLine("the compressed file is damaged or cut off; what follows was not read")


class _Until(io.RawIOBase):
    """A file up to a number of bytes from where it stands."""

    def __init__(self, opened: BinaryIO, length: int) -> None:
        self._opened, self._left = opened, length

    def read(self, size: int = -1, /) -> bytes:
        block = self._opened.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(block)
        return block


def _split(stream: BinaryIO, longest: int, *, at_start: bool) -> Iterator[bytes | BadLine]:
    rest = b""
    while block := stream.read(_BLOCK):
        if at_start:
            at_start = False
            if (encoding := _OTHER_MARKS.get(block[:2])) is not None:
                yield BadLine(f"the file is {encoding}, not UTF-8; nothing of it was read")
                return
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield from (line if len(line) <= longest else _too_long(line, longest) for line in lines)
        if len(rest) > longest:
            yield _too_long(rest, longest)
            rest = _after_line(stream)
    if rest:
        yield from rest.split(b"\n")


def _after_line(stream: BinaryIO) -> bytes:
    """What follows the line in which the stream stands, of the block in which it ends."""
    while block := stream.read(_BLOCK):
        _, end, rest = block.partition(b"\n")
        if end:
            return rest
    return b""


def _too_long(line: bytes, longest: int) -> BadLine:
    return BadLine(over_length(longest), line[:_KEPT])


def over_length(longest: int = LONGEST) -> str:
    """Why a line is not read that has more bytes than that."""
    return f"the line is longer than {longest // 1024 // 1024} MiB and was not read"


def bare(line: bytes) -> bytes:
    """A line without the blanks around it and without a byte order mark."""
    line = line.strip()
    return line.removeprefix(_MARK) if line[:1] == b"\xef" else line

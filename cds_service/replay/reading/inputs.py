"""The files of an export as pieces of bounded size, and a piece as blocks of whole lines.

A piece of a plain file begins and ends at line ends; a compressed file is one piece. No line is read
beyond a limit, so that no file can fill the memory.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cds_service.values import dataclass

LONGEST = 32 * 1024 * 1024  # bytes of a line
_BLOCK = 64 * 1024  # as much as stays near the processor
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
            held = sorted(p for p in given.rglob("*") if p.name.endswith(_ENDINGS) and p.is_file())
            inside = [p for p in held if out.resolve() not in p.resolve().parents]
            if held and not inside:
                raise InputError(
                    f"{given}: all its files lie in the folder of --out, which is for the results"
                )
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


def blocks_of(piece: Piece, longest: int = LONGEST) -> Iterator[bytes | BadLine]:
    """The lines of a piece, many at a time with the line ends between them; a bad one by itself. Raises OSError."""
    with piece.file.path.open("rb") as opened:
        compressed = opened.read(2) == _GZIP
        opened.seek(piece.start)
        stream: BinaryIO = (
            gzip.GzipFile(fileobj=opened) if compressed else _Until(opened, piece.end - piece.start)  # type: ignore[assignment]
        )
        try:
            for text in _whole_lines(stream, longest, at_start=piece.start == 0):
                ends = isinstance(text, bytes) and b"\r" in text
                yield text.replace(b"\r\n", b"\n") if ends else text  # type: ignore[union-attr]
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield BadLine("the compressed file is damaged or cut off; what follows was not read")


class _Until(io.RawIOBase):
    """A file up to a number of bytes from where it stands."""

    def __init__(self, opened: BinaryIO, length: int) -> None:
        self._opened, self._left = opened, length

    def read(self, size: int = -1, /) -> bytes:
        block = self._opened.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(block)
        return block


def _whole_lines(stream: BinaryIO, longest: int, *, at_start: bool) -> Iterator[bytes | BadLine]:
    """A stream cut at line ends, which are left out; a line that is too long comes by itself."""
    rest = b""
    while block := stream.read(
        max(_BLOCK, len(rest) // 4)
    ):  # a long line is not copied for every block of it
        if at_start:
            at_start = False
            if (encoding := _OTHER_MARKS.get(block[:2])) is not None:
                yield BadLine(f"the file is {encoding}, not UTF-8; nothing of it was read")
                return
        end = block.rfind(b"\n")
        if end >= 0:
            yield from _ended(rest + block[:end], longest)
            rest = block[end + 1 :]
        else:
            rest += block
        if len(rest) > longest:
            yield _too_long(rest, longest)
            rest = _after_line(stream)
    if rest:
        yield rest.removesuffix(b"\n")


def _ended(text: bytes, longest: int) -> Iterator[bytes | BadLine]:
    """Whole lines, of which only the first, that began in an earlier block, can be too long."""
    first, end, others = text.partition(b"\n") if len(text) > longest else (b"", b"", b"")
    if len(first) > longest:
        yield _too_long(first, longest)
        if end:
            yield others
    else:
        yield text


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

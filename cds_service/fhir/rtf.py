"""The text of an RTF document: what a reader would see and is not struck out, or nothing where a part cannot be known.

Written from the specification (RTF 1.9.1): groups, control words, characters by code page and by Unicode. Knows the
words that change what is read; a group of another kind is passed over. Decides nothing about content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cds_service.values import dataclass

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?|(?P<bytes>(?:\\'[0-9a-fA-F]{2})+)|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)"
)
# Groups that hold no text of the document.
_NO_TEXT = frozenset(
    {
        "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "headerl", "headerr", "headerf", "footer",
        "footerl", "footerr", "footerf", "fldinst", "filetbl", "revtbl", "xe", "tc", "bkmkstart", "bkmkend", "nonshppict",
    }
)  # fmt: skip
_LIST_SIGN = frozenset({"listtext", "pntext"})  # the bullet or number before a list's item
_BREAKS = {
    "par": "\n",
    "line": "\n",
    "row": "\n",
    "sect": "\n",
    "page": "\n",
    "tab": " ",
    "cell": " ",
    "nestcell": " ",
}
_SIGNS = {
    "emdash": "\u2014", "endash": "\u2013", "lquote": "'", "rquote": "'", "ldblquote": '"', "rdblquote": '"', "bullet": "\u2022",
    "emspace": " ", "enspace": " ",
}  # fmt: skip
_SYMBOLS = {"~": " ", "_": "-", "-": "", "\n": "\n", "\r": "\n", "\\": "\\", "{": "{", "}": "}"}
# Character formats under which a text is hidden, struck out or deleted.
_UNSEEN = frozenset({"v", "strike", "striked", "deleted"})
# The few characters of the font Symbol that notes use; those of other fonts of signs are not known.
_IN_SYMBOL_FONT = {0xB3: "\u2265", 0xA3: "\u2264", 0xB1: "\u00b1", 0xB7: "\u2022", 0x20: " "}
_SYMBOL_CHARSET = 2
_DEEPEST = 256  # groups within each other


class _Unreadable(Exception):
    """A part whose text cannot be known."""


@dataclass(frozen=True, slots=True)
class _State:
    """What holds inside a group: whether it is text, what hides it, its font, and the characters that stand for one of Unicode."""

    group: str = ""
    unseen: frozenset[str] = frozenset()
    font: int = -1
    stand_ins: int = 1


def rtf_text(rtf: str) -> str | None:
    """The text of an RTF document, a line for each paragraph; None when it is none, or a part of it cannot be read."""
    if not rtf.lstrip().startswith("{\\rtf"):
        return None
    try:
        text = "".join(_Reader().parts(rtf.strip()))
        return text.encode("utf-16-le", "surrogatepass").decode(
            "utf-16-le"
        )  # characters written as two halves
    except (_Unreadable, UnicodeError, LookupError):
        return None


class _Reader:
    """The state of reading one document."""

    def __init__(self) -> None:
        self._held: list[_State] = []
        self._now = _State()
        self._page = "cp1252"
        self._sign_fonts: dict[int, str] = {}  # fonts of signs instead of letters, with their names
        self._skip = 0  # characters that stand for one of Unicode that was read
        self._star = False

    def parts(self, rtf: str) -> Iterator[str]:
        end = 0
        for token in _TOKEN.finditer(rtf):
            if token.start() != end:
                raise _Unreadable
            end = token.end()
            if token["brace"]:
                self._brace(token["brace"])
            elif token["word"]:
                number = int(token["number"]) if token["number"] else None
                yield self._word(token["word"], number)
            elif token["bytes"]:
                yield self._bytes(bytes.fromhex(token["bytes"].replace("\\'", "")))
            elif token["sign"]:
                yield self._sign(token["sign"])
            elif token["text"]:
                yield self._plain(token["text"])
        if end != len(rtf) or self._held:
            raise _Unreadable

    def _brace(self, brace: str) -> None:
        self._skip, self._star = 0, False
        if brace == "{":
            self._held.append(self._now)
            if len(self._held) > _DEEPEST:
                raise _Unreadable
        elif not self._held:
            raise _Unreadable
        else:
            self._now = self._held.pop()

    def _word(self, word: str, number: int | None) -> str:
        star, self._star = self._star, False
        if self._now.group:
            if self._now.group == "fonttbl":
                self._font_of_table(word, number)
            return ""
        if word in _NO_TEXT or (star and word not in _LIST_SIGN):
            self._now = replace(self._now, group=word)
        elif word in _LIST_SIGN:
            self._now = replace(self._now, group=word)
            return "- "
        elif word in _UNSEEN:
            others = self._now.unseen - {word}
            self._now = replace(self._now, unseen=others if number == 0 else others | {word})
        elif word == "plain":
            self._now = replace(self._now, unseen=frozenset())
        elif word == "f" and number is not None:
            self._now = replace(self._now, font=number)
        elif word == "uc":
            self._now = replace(self._now, stand_ins=number or 0)
        elif word == "u" and number is not None:
            self._skip = self._now.stand_ins
            return self._shown(chr(number % 0x10000))
        elif word == "ansicpg" and number is not None:
            self._page = "utf-8" if number == 65001 else f"cp{number}"
        elif word == "mac":
            self._page = "mac_roman"
        elif word == "bin" and number:
            raise _Unreadable
        return self._shown(_BREAKS.get(word) or _SIGNS.get(word, ""))

    def _font_of_table(self, word: str, number: int | None) -> None:
        if word == "f" and number is not None:
            self._now = replace(self._now, font=number)
        elif word == "fcharset" and number == _SYMBOL_CHARSET:
            self._sign_fonts[self._now.font] = ""

    def _bytes(self, raw: bytes) -> str:
        skipped, self._skip = min(self._skip, len(raw)), max(self._skip - len(raw), 0)
        raw = raw[skipped:]
        if self._now.group:
            return ""
        if self._now.font in self._sign_fonts:
            return self._in_signs(raw)
        return self._shown(raw.decode(self._page))

    def _in_signs(self, codes: bytes) -> str:
        known = _IN_SYMBOL_FONT if self._sign_fonts[self._now.font] == "symbol" else {0x20: " "}
        if any(code not in known for code in codes) and not self._now.unseen:
            raise _Unreadable
        return self._shown("".join(known.get(code, "") for code in codes))

    def _sign(self, sign: str) -> str:
        if sign == "*":
            self._star = True
            return ""
        if self._skip:
            self._skip -= 1
            return ""
        return self._shown(_SYMBOLS.get(sign, ""))

    def _plain(self, text: str) -> str:
        skipped, self._skip = min(self._skip, len(text)), max(self._skip - len(text), 0)
        text = text[skipped:]
        if self._now.font in self._sign_fonts:
            if self._now.group == "fonttbl":
                self._sign_fonts[self._now.font] += text.strip(" ;").lower()
            if not self._now.group:
                return self._in_signs(text.encode("latin-1", "replace"))
        return self._shown(text)

    def _shown(self, text: str) -> str:
        return "" if self._now.group or self._now.unseen else text

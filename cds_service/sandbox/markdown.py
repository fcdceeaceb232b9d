"""A card's ``detail`` as HTML, the way an EHR would show it: the little of GFM that cards use.

Paragraphs, lists, bold, italics and code. Everything is escaped first, so no markup of a card's
own gets through.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_ITALIC = re.compile(r"(?<![\w*\\])[*_]([^*_]+)[*_](?![\w*])")
_CODE = re.compile(r"`([^`]+)`")
_BACKSLASH = re.compile(r"\\([!-/:-@\[-`{-~])")
_ITEM = re.compile(r"(?<![\s\d])\s*+(?:[-*+]|\d++\.)\s+(.*)")
_TO_DO = "[ ] "
_HEADING = re.compile(r"#{1,6}\s+(.*)")


def html_of(detail: str) -> Markup:
    """The detail as safe HTML."""
    parts: list[str] = []
    items: list[str] = []
    for line in [*detail.splitlines(), ""]:
        if item := _ITEM.fullmatch(line):
            to_do = item[1].removeprefix(_TO_DO)
            mark = '<li class="task">\N{BALLOT BOX} ' if to_do != item[1] else "<li>"
            items.append(f"{mark}{_inline(to_do)}</li>")
            continue
        if items:
            parts.append(f"<ul>{''.join(items)}</ul>")
            items = []
        if heading := _HEADING.fullmatch(line):
            parts.append(f"<p><strong>{_inline(heading[1])}</strong></p>")
        elif line.strip():
            parts.append(f"<p>{_inline(line)}</p>")
    return Markup("".join(parts))


def _inline(text: str) -> str:
    """Escaped characters are set aside while the marks are read, and come back as themselves."""
    aside = _BACKSLASH.sub(lambda match: chr(0xE000 + ord(match[1])), text)
    html = str(escape(aside))
    html = _CODE.sub(r"<code>\1</code>", html)
    html = _BOLD.sub(r"<strong>\1</strong>", html)
    html = _ITALIC.sub(r"<em>\1</em>", html)
    return re.sub("[\ue000-\ue07f]", lambda match: str(escape(chr(ord(match[0]) - 0xE000))), html)

"""Foreign words on a card are shown as they are: no link, image, heading, list, table or HTML of theirs."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cards.text import SUMMARY_MOST, md, plain_line, sentence, shortened, summary, typeset
from tests.cards.rendering import cards_of, of_kind
from tests.policy.chart_notes import condition, observation
from tests.policy.treated import C2D1, TREATED

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"paragraph", "bullet_list", "list_item", "strong", "text", "softbreak", "inline"}


def kinds(markdown):
    """The kinds of token that a renderer makes of a text."""
    found = set()
    for token in GFM.parse(markdown):
        for part in (token, *(token.children or ())):
            found.add(part.type.removesuffix("_open").removesuffix("_close"))
    return found


def shown(markdown):
    """The text that a reader sees."""
    return "".join(
        part.content
        for token in GFM.parse(markdown)
        for part in (token.children or ())
        if part.type == "text"
    )


HOSTILE = [
    "[click](https://evil.example)", "![x](https://evil.example/a.png)", "<script>alert(1)</script>", "<img src=x onerror=y>",
    "https://evil.example", "www.evil.example", "mail me@evil.example", "javascript:alert(1)", "# Heading", "- item", "1. item", "+ item",
    "> quote", "***", "---", "===", "| a | b |\n|---|---|", "`code`", "```\ncode", "~~gone~~", "**bold**", "_em_", "&lt;b&gt;",
    "[x]: https://evil.example", "a\\", "\\[a](b)", "line\n\n# second", "    indented", "\u202eright to left", "a\u0000b", "[^1]", "<!-- x -->",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    assert kinds(f"- {md(text)}") <= OURS - {"strong"}
    assert shown(f"- {md(text)}") == plain_line(text)


# GFM's extended autolinks, section 6.9: a host that begins with www and has a dot, a scheme, or a mail address.
_AUTOLINK = re.compile(
    r"(?:^|[\s*_~(])(?:www\.[\w\-]+|(?:https?|ftp)://[\w\-]+|(?:mailto|xmpp):\S+@)|[\w.+\-]+@[\w\-]+\.[\w\-]",
    re.IGNORECASE,
)
HOSTS = [
    "www.x.com/login", "WWW.X.AI/?q", "www.\u00e9.com", "wWw.a", "see (www.b.c)", "*www.d.e*", "www.x", "www.1.2", "www.xn--a.b",
    "http://x.y", "HTTPS://\u00e9.com", "ftp://a.b", "a@b.cd", "a.b+c@d-e.f", "mailto:a@b.c", "xmpp:a@b.c/x",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTS)
def test_no_host_that_gfm_makes_a_link_of_is_left(text):
    assert _AUTOLINK.search(text)
    assert not _AUTOLINK.search(md(text))
    assert shown(f"- {md(text)}") == plain_line(text)


@settings(max_examples=400)
@given(st.text(alphabet=st.sampled_from("ab1 .:/\\`*_{}[]()#+-=!|<>~&@\n\t\"'$^%\u202e\u200b"), max_size=60))
def test_any_text_stays_text(text):
    assert kinds(f"- {md(text)}") <= OURS - {"strong"}
    assert shown(f"- {md(text)}") == plain_line(text)


@settings(max_examples=200)
@given(st.text(max_size=400))
def test_a_summary_is_one_visible_line_of_at_most_139_characters(text):
    found = summary(f"Hold: {text}", "Hold")
    assert len(found) <= SUMMARY_MOST
    assert found == plain_line(found)


def test_a_summary_takes_the_longest_wording_that_fits_and_ends_with_a_word():
    assert summary("long " * 40, "short") == "short"
    cut = summary("a word " * 40)
    assert cut.endswith(("word", "a"))
    assert len(cut) <= SUMMARY_MOST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("platelets 48 x10*9/L", "platelets 48 \u00d710\u2079/L"),
        ("ANC >= 1.0", "ANC \u2265 1"),
        ("0.8 mg/m2 x 1.7654 m2 = 1.410 mg", "0.8 mg/m\u00b2 \u00d7 1.7654 m\u00b2 = 1.41 mg"),
        ("0.375 mg/m2 (0.50 less 25 %) x 1 m2", "0.375 mg/m\u00b2 (0.5 less 25 %) \u00d7 1 m\u00b2"),
        ("100 mg, 10, 2026-04-10, C83.30, 0.05", "100 mg, 10, 2026-04-10, C83.30, 0.05"),
        ("+/-10 %", "\u00b110 %"),
    ],
)
def test_units_are_written_as_clinicians_do_and_no_decimal_ends_in_a_zero(text, expected):
    assert typeset(text) == expected


def test_a_text_is_shortened_at_a_clause_else_at_a_word_and_says_so():
    assert (
        shortened("No infection, no bleeding. Watched for one hour", 5)
        == "No infection, no bleeding (shortened)"
    )
    assert shortened("QTcF (a. b) 510 ms; with nilotinib", 6) == "QTcF (a. b) 510 ms (shortened)"
    assert shortened("one two three four", 3) == "one two (shortened)"
    assert shortened("one two three", 3) == "one two three"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("platelets low", "Platelets low."),
        ("why?", "Why?"),
        ("done.", "Done."),
        ("coverage: ", "Coverage."),
        (" a, ", "A."),
    ],
)
def test_a_sentence_has_a_capital_and_an_end(text, expected):
    assert sentence(text) == expected


def test_what_is_long_is_cut():
    assert len(md("word " * 1000)) <= 1000


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_in_a_record_stay_text_on_every_card(text):
    records = [
        condition("A41.9", text=f"Sepsis {text}", onset="2026-04-10"),
        condition("K76.5", text=f"VOD {text}", onset="2026-04-10", id="vod"),
        observation("777-3", "2026-04-15", text=text, id="platelets"),
        observation("1742-6", "2026-04-14", id="alt") | {"valueQuantity": {"value": 250, "unit": text}},
    ]
    cards = cards_of([*TREATED, *records], [C2D1])
    assert of_kind(cards, "safety") is not None
    for card in cards:
        assert kinds(card["detail"]) <= OURS
        assert len(card["summary"]) <= SUMMARY_MOST
        assert "\n" not in card["summary"]


@given(st.text(st.sampled_from("a B2.\u00b2\u00e9 \t\n\u00a0\u2028\u200b\u202e\x00\ue000"), max_size=12))
def test_a_line_is_what_is_visible_with_single_blanks(text: str) -> None:
    by_the_letter = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    assert plain_line(text) == " ".join(by_the_letter.split())


@pytest.mark.parametrize("text", ["- a", "+a", "=", "1. a", "12) a", "1.", "1.5 mg", "a - b", "3 a"])
def test_only_what_would_begin_a_list_or_heading_is_escaped_at_the_start(text: str) -> None:
    line = md(text)
    assert line.replace("\\", "") == text
    assert (line != text) == bool(re.match(r"[-+=]|\d+[.)](?:\s|$)", text))

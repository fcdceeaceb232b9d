"""RTF as text: what a reader sees and is not struck out, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.rtf import rtf_text


def rtf(
    body,
    fonts=r"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f3\froman\fcharset2 Symbol;}{\f4\fnil\fcharset2 Wingdings;}}",
):
    return r"{\rtf1\ansi\ansicpg1252\deff0" + fonts + r"\f0\fs20 " + body + "}"


READ = {
    "paragraphs": (r"Flow:\par Blasts CD22 positive.\par", "Flow:\nBlasts CD22 positive.\n"),
    "a line broken in the file": ("Blasts \r\nCD22 positive", "Blasts CD22 positive"),
    "formats": (r"{\b Assessment:} in \i complete\i0  remission", "Assessment: in complete remission"),
    "signs": (r"10\'b0C, \endash 5 \u8805?5 %, \ldblquote CR\rdblquote , no\~evidence, pre\_B, a\\b \{c\}", "10\u00b0C, \u20135 \u22655 %, \"CR\", no evidence, pre-B, a\\b {c}"),
    "a sign of two halves": (r"\u-10179?\u-8704? CR", "\U0001f600 CR"),
    "more stand-ins": (r"\uc2\u8805 >=5", "\u22655"),
    "no stand-ins": (r"{\uc0\u8805 5}", "\u22655"),
    "a table": (r"\trowd\cellx100\cellx200 CD19\cell Positive\cell\row CD22\cell Negative\cell\row", "CD19 Positive \nCD22 Negative \n"),
    "a list": (r"{\listtext\f3\'b7\tab}CD22 positive\par{\pntext 2.\tab}CD20 negative", "- CD22 positive\n- CD20 negative"),
    "the font Symbol": (r"blasts {\f3\'b3}5 %", "blasts \u22655 %"),
    "struck out": (r"CR {\strike PR} on 4/10, \strike not\strike0  confirmed", "CR  on 4/10,  confirmed"),
    "hidden and deleted": (r"CR{\v  secret}{\deleted  not} reached", "CR reached"),
    "a link": (r'{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt report}} of flow', "report of flow"),
    "a header, a picture, a comment": (r"{\header Name}{\pict\wmetafile8 0100}{\*\annotation VOD?}In remission", "In remission"),
    "another code page": ("{\\rtf1\\ansi\\ansicpg1250 \\'b9}", None),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_the_text_of_rtf(name):
    body, text = READ[name]
    if text is None:
        assert rtf_text(body) == "\u0105"
    else:
        assert rtf_text(rtf(body)) == text


NOT_READ = {
    "no RTF": "Blasts CD22 positive",
    "cut off": rtf("Blasts CD22 positive")[:-1],
    "a brace too many": rtf("Blasts}") + " CD22",
    "a box of Wingdings": rtf(r"VOD {\f4\'fe} yes {\f4\'a8} no"),
    "letters in a font of signs": rtf(r"{\f3 abc}"),
    "bytes of another program": rtf(r"\bin5 abcde"),
    "half a sign": rtf(r"\u-10179? CR"),
    "an unknown code page": r"{\rtf1\ansi\ansicpg99999 \'b3}",
    "very deep": "{\\rtf1" + "{" * 300 + "}" * 300 + "}",
    "empty": "",
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_cannot_be_wholly_known_is_not_read(name):
    assert rtf_text(NOT_READ[name]) is None


@given(st.text(alphabet="{}\\'*uvbfparstike0123456789 \n;-", max_size=60))
def test_any_text_is_read_or_is_not(text):
    assert isinstance(rtf_text("{\\rtf1 " + text + "}"), str | None)

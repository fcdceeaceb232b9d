"""Cytogenetics in its own notation: what each result says of BCR::ABL1."""

import pytest

from cds_service.clinical.reading.markers.iscn import Meaning, meaning
from cds_service.clinical.reading.tokens import Shape, folded, tokens

RESULTS = {
    "46,XY,t(9;22)(q34;q11.2)[20]": Meaning.POSITIVE,
    "46, XX, t(9;22)(q34;q11.2) [18]/46, XX [2]": Meaning.POSITIVE,
    "46,XY,t(4;9;22)(p16;q34;q11.2)[9]/46,XY[11]": Meaning.POSITIVE,
    "46,XX,t(9;22;11)(q34;q11.2;q13)[20]": Meaning.POSITIVE,
    "47,XX,t(9;22)(q34.1;q11.2),+der(22)t(9;22)[12]/46,XX[8]": Meaning.POSITIVE,
    "46,XX,der(22)t(9;22)(q34;q11.2)[10]": Meaning.POSITIVE,
    "46,XX,ider(22)(q10)t(9;22)[8]": Meaning.POSITIVE,
    "46,XX,ins(22;9)(q11.2;q34q34)[10]": Meaning.POSITIVE,
    "46,XY,t(9;22)[20]": Meaning.POSITIVE,
    "nuc ish(ABL1,BCR)x3(ABL1 con BCRx2)[176/200]": Meaning.POSITIVE,
    "nuc ish 9q34(ABL1x3),22q11.2(BCRx3)(BCR con ABL1x2)[150/200]": Meaning.POSITIVE,
    "46,XY,t(9;22;v)(q34;q11;v)[20]": Meaning.POSITIVE,
    "46,XY,t(v;9;22)(v;q34;q11)[20]": Meaning.POSITIVE,
    "46,XY,t(9;22)(q34;q11.2)[3]//46,XX[17]": Meaning.POSITIVE,
    "nuc ish(ABL1,BCR)x2(BCR con ABL1x0)[200]": Meaning.NEGATIVE,
    "//46,XX[20]": Meaning.SILENT,  # a donor's cells alone
    "46,XY[2]//46,XX[18]": Meaning.SILENT,
    "46,XY[20]": Meaning.NEGATIVE,
    "47,XX,+8[5]/46,XX[6]": Meaning.NEGATIVE,
    "46,XX,del(9)(p21)[5]/46,XX[15]": Meaning.NEGATIVE,
    "55,XX,+4,+6,+10,+14,+17,+18,+21,+21,+22[12]": Meaning.NEGATIVE,
    "nuc ish(ABL1,BCR)x2[200]": Meaning.NEGATIVE,
    "nuc ish(ABL1x3,BCRx2)[60/200]": Meaning.NEGATIVE,
    "46,XX[19]": Meaning.SILENT,
    "46,XX": Meaning.SILENT,
    "46,XX,inc[20]": Meaning.SILENT,
    "46,XX,?t(9;22)(q34;q11)[3]": Meaning.SILENT,
    "46,XX,t(9;22)(p24;q11.2)[10]": Meaning.SILENT,
    "46,XX,add(9)(q34)[5]": Meaning.SILENT,
    "46,XX,del(9)(q13)[5]": Meaning.SILENT,
    "46,XX,der(22)[20]": Meaning.SILENT,
    "45,XX,-22[20]": Meaning.SILENT,
    "nuc ish(ABL1,BCR)x3(ABL1 con BCRx1)[2/200]": Meaning.SILENT,
    "nuc ish(5'ABL1,3'ABL1,BCR)x2(5'ABL1 sep 3'ABL1x1)[50/200]": Meaning.SILENT,
    "nuc ish(KMT2Ax2)[200]": Meaning.OTHER,
    "t(9;22)(q34;q11.2)": Meaning.NAME,
    "t (9 ; 22)": Meaning.NAME,
    "t(9;22;v)": Meaning.NAME,
    "der(22)t(9;22)": Meaning.NAME,
    "t(9;22)(p24;q11.2)": Meaning.OTHER,
    "t(4;11)": Meaning.OTHER,
    "22q11.2": Meaning.LOCUS,
}


@pytest.mark.parametrize("text", RESULTS)
def test_a_notation_is_one_word_and_says(text):
    (token,) = tokens(folded(text))
    assert (token.shape, token.text) == (Shape.NOTATION, text)
    assert meaning(text) is RESULTS[text]


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("Karyotype 46,XY[20]. Normal male.", "46,XY[20]"),
        ("46,XX,t(9;22)(p24;q11.2)[10] consistent with BCR::JAK2", "46,XX,t(9;22)(p24;q11.2)[10]"),
        ("46,XX[20], normal", "46,XX[20]"),
        ("lacks t(9;22), and more", "t(9;22)"),
    ],
)
def test_a_notation_ends_where_prose_begins(text, notation):
    assert [t.text for t in tokens(folded(text)) if t.shape is Shape.NOTATION] == [notation]


@pytest.mark.parametrize("text", ["Day 46, then home", "cycle 2 (9)", "Mr. T (22 years)", "Polish (native)"])
def test_prose_is_no_notation(text):
    assert [t.text for t in tokens(folded(text)) if t.shape is Shape.NOTATION] == []

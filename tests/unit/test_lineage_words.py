"""Names of the disease and its lineage in words: what a recorded condition states, and what prose states."""

import pytest

from cds_service.clinical.leukemia.diagnosis import lineage_in
from cds_service.clinical.reading.markers.lineage import lineages

RECORDED = {
    "Ph-negative B-ALL, first relapse": {"b-all"},
    "Philadelphia chromosome negative B-ALL in relapse": {"b-all"},
    "B-ALL, CD22 negative": {"b-all"},
    "Acute lymphoblastic leukemia (ALL), B-cell": {"b-all", "all"},
    "Leukemia, acute lymphoblastic": {"all"},
    "Precursor B-cell acute lymphoblastic leukemia (disorder)": {"b-all"},
    "Acute lymphoblastic leukemia not having achieved remission": {"all"},
    "History of B-ALL": {"b-all"},
    "Acute myeloid leukemia, T-ALL excluded": {"other"},
    "T-cell lymphoblastic lymphoma": {"t-all"},
    "Lymphoblastic lymphoma": {"lymphoma"},
    "Chronic lymphocytic leukemia, B-cell": {"other"},
    "Mixed phenotype acute leukemia, B/T": {"mixed"},
    "Hepatitis B, ALL": {"all"},
    "T-ALL vs B-ALL": set(),
    "B-ALL, suspected": set(),
    "Rule out B-ALL": set(),
    "B-ALL ruled out": set(),
    "Not B-ALL": set(),
    "Father with B-ALL": set(),
    "Family history of acute lymphoblastic leukemia": set(),
    "allergy to all penicillins": set(),
    "Vitamin B deficiency": set(),
}
PROSE = {
    "Findings consistent with relapsed B-ALL.": "B",
    "B lymphoblasts; T-lineage antigens negative.": "B",
    "CD19 positive, CD79a positive, cCD3 negative.": "B",
    "T lymphoblasts, cCD3+.": "T",
    "Blasts negative for CD19, positive for cCD3.": "T",
    "Mixed phenotype: CD19 positive, cCD3 positive.": "mixed",
    "Mixed phenotype acute leukemia, B/myeloid, NOS.": "mixed",
    "Relapsed MPAL, T/myeloid.": "mixed",
    "MPAL, B lymphoid/myeloid, with KMT2A rearranged.": "mixed",
    "Mixed B/myeloid leukemia.": "mixed",
    "Acute leukemia of ambiguous lineage.": "mixed",
    "Acute undifferentiated leukemia.": "mixed",
    "No mixed phenotype acute leukemia, B/myeloid.": None,
    "Acute leukemia of ambiguous lineage excluded.": None,
    "B-ALL with aberrant myeloid markers CD13 and CD33.": "B",
    "CD19 positive, cCD3 positive.": "mixed",
    "Remission marrow, no B lymphoblasts.": None,
    "Negative for B-lymphoblastic leukemia.": None,
    "Normal B cells are CD19 positive.": None,
    "Hematogones (CD19+, CD10+).": None,
    "Trial for B-ALL.": None,
    "Discussed B-ALL.": None,
    "Mother with B-ALL.": None,
    "Gobbledygook B-ALL.": None,
    "Nelarabine for T-ALL reviewed.": None,
    "Nelarabine (T-ALL) reviewed.": None,
    "Nelarabine is for T-ALL.": None,
    "Treatment of T-ALL reviewed.": None,
    "Blinatumomab in B-ALL.": None,
    "Inotuzumab for relapsed B-ALL reviewed.": None,
    "Hyper-CVAD for Ph+ B-ALL.": None,
    "T-ALL, here for nelarabine.": "T",
    "Relapsed B-ALL after blinatumomab.": "B",
    "Blasts in marrow (B-ALL).": "B",
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_name_of_a_condition_states(name):
    assert lineages(name, recorded=True) == RECORDED[name]


@pytest.mark.parametrize("text", PROSE)
def test_a_report_states_a_lineage(text):
    assert lineage_in(text) == PROSE[text]

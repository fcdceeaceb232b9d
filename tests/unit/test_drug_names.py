"""Which drug a CodeableConcept names: codes under every accepted system, else words."""

import pytest

from cds_service.clinical.therapy.drugs import BILLING_OPTION, drugs_in_text, ingredients, is_antineoplastic
from tests.policy.chart_notes import HCPCS, RXNORM, coded

INOTUZUMAB = {"inotuzumab_ozogamicin"}
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"


def billed_as(*codes, **concept):
    """A concept with codes that it could be billed with, as the CRD guide has them."""
    options = [{"url": BILLING_OPTION, "valueCodeableConcept": coded(HCPCS, code)} for code in codes]
    return concept | {"extension": options}


CONCEPTS = {
    "a billing option alone": (billed_as("J9229", text="Infusion order 7"), INOTUZUMAB),
    "two billing options of one drug": (billed_as("J9229", "C9028"), INOTUZUMAB),
    "billing options of two drugs": (billed_as("J9229", "J9039"), set()),
    "a billing option beside words of another drug": (billed_as("J9229", text="Blinatumomab"), {"blinatumomab"}),
    "another extension with the code": ({"extension": [{"url": "http://example.org/x", "valueCodeableConcept": coded(HCPCS, "J9229")}]}, set()),
    "a billing option of another type": ({"extension": [{"url": BILLING_OPTION, "valueString": "J9229"}]}, set()),
    "HCPCS": (coded(HCPCS, "J9229"), INOTUZUMAB),
    "HCPCS, https": (coded(HCPCS.replace("http:", "https:"), "J9229"), INOTUZUMAB),
    "HCPCS by OID": (coded("urn:oid:2.16.840.1.113883.6.285", "J9229"), INOTUZUMAB),
    "HCPCS by its other OID": (coded("urn:oid:2.16.840.1.113883.6.14", "J9229"), INOTUZUMAB),
    "HCPCS by THO": (coded("http://terminology.hl7.org/CodeSystem/HCPCS-all-codes", "J9229"), INOTUZUMAB),
    "HCPCS as CMS's own claims data has it": (coded("https://bluebutton.cms.gov/resources/codesystem/hcpcs", "J9229"), INOTUZUMAB),
    "HCPCS with a slash at the end": (coded("https://example.org/CodeSystem/HCPCS/", "J9229"), INOTUZUMAB),
    "HCPCS with more in its last part": (coded("http://example.org/fhir/hcpcs-level-2", "J9229"), INOTUZUMAB),
    "HCPCS elsewhere in the address": (coded("http://example.org/hcpcs/local", "J9229"), set()),
    "another name that ends with it": (coded("http://example.org/our-hcpcs", "J9229"), set()),
    "the retired pass-through code": (coded(HCPCS, "C9028"), INOTUZUMAB),
    "RxNorm ingredient": (coded(RXNORM, "1942950"), INOTUZUMAB),
    "RxNorm product": (coded(RXNORM, "1942954"), INOTUZUMAB),
    "NDC of 10 digits": (coded(NDC, "0008-0100-01"), INOTUZUMAB),
    "NDC of 11 digits": (coded(NDC, "00008-0100-01"), INOTUZUMAB),
    "NDC without hyphens": (coded(NDC, "00008010001"), INOTUZUMAB),
    "NDC wrongly padded": (coded(NDC, "00080100010"), set()),
    "ATC": (coded(ATC, "L01FB01"), INOTUZUMAB),
    "ATC before 2022": (coded(ATC, "L01XC26"), INOTUZUMAB),
    "an unverified system": (coded("http://fdasis.nlm.nih.gov", "P93RUU11P7"), set()),
    "a code without a system": ({"coding": [{"code": "J9229"}]}, set()),
    "a local code with words": ({"coding": [{"system": "http://ehr.example.org", "code": "1", "display": "Besponsa"}]}, INOTUZUMAB),
    "words alone": ({"text": "INOTUZUMAB ozogamicin 0.9 mg"}, INOTUZUMAB),
    "the look-alike": ({"text": "gemtuzumab ozogamicin"}, {"gemtuzumab_ozogamicin"}),
    "the look-alike with a warning": ({"text": "Gemtuzumab ozogamicin (NOT inotuzumab ozogamicin)"}, {"gemtuzumab_ozogamicin"}),
    "premedication for it": ({"text": "Dexamethasone, premedication for inotuzumab"}, {"dexamethasone"}),
    "a code outranks words": (coded(RXNORM, "3264", "given before inotuzumab"), {"dexamethasone"}),
    "nothing": ({}, set()),
}  # fmt: skip


@pytest.mark.parametrize(("concept", "expected"), CONCEPTS.values(), ids=CONCEPTS)
def test_ingredients(concept, expected):
    assert ingredients(concept) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cytarabine and methotrexate", {"cytarabine", "methotrexate"}),
        ("Ara-C", {"cytarabine"}),
        ("no drug at all", set()),
        ("imatinibase", set()),
    ],
)
def test_drugs_in_a_text(text, expected):
    assert drugs_in_text(text) == expected


@pytest.mark.parametrize(
    "name",
    [
        "cytarabine",
        "dasatinib",
        "asciminib",
        "venetoclax",
        "arsenic trioxide",
        "tisagenlecleucel",
        "midostaurin",
    ],
)
def test_systemic_antineoplastics(name):
    assert is_antineoplastic(name)


@pytest.mark.parametrize("name", ["dexamethasone", "filgrastim", "ursodiol", "ondansetron", "defibrotide"])
def test_supportive_drugs_are_none(name):
    assert not is_antineoplastic(name)


def test_an_antineoplastic_may_be_known_by_its_class_alone():
    concept = coded(ATC, "L01XX99", "study drug")
    (name,) = ingredients(concept)
    assert is_antineoplastic(name, concept)


@pytest.mark.parametrize(
    ("words", "drug"),
    [
        ("Rylaze 25 mg/m2 IM", "crisantaspase"), ("6-MP 50 mg tablet", "mercaptopurine"), ("MTX 2.5 mg", "methotrexate"), ("VCR 2 mg IV", "vincristine"),
        ("Phyrago 140 mg tablet", "dasatinib"), ("Imkeldi oral solution", "imatinib"), ("ibrutinib 140 MG Oral Capsule", "ibrutinib"), ("Clolar", "clofarabine"),
        ("cladribine injection", "cladribine"), ("Campath", "alemtuzumab"), ("brentuximab vedotin", "brentuximab_vedotin"), ("Lumoxiti", "moxetumomab"),
        ("capecitabine 500 mg", "capecitabine"), ("Vyxeos", "daunorubicin"),
    ],
)  # fmt: skip
def test_names_that_the_code_tables_lack(words, drug):
    assert ingredients({"text": words}) == {drug}
    assert is_antineoplastic(drug) or drug == "methotrexate"


@pytest.mark.parametrize(
    "words",
    [
        "Fluorouracil 5 % cream",
        "Bevacizumab intravitreal injection",
        "Mitomycin ophthalmic",
        "Methotrexate topical",
    ],
)
def test_a_form_that_acts_where_it_is_put_is_no_antineoplastic(words):
    assert not any(map(is_antineoplastic, ingredients({"text": words})))


@pytest.mark.parametrize("words", ["CMTX", "mesna", "leucovorin", "tamoxifen 20 mg", "Neosarcoma kit"])
def test_other_words_name_no_antineoplastic(words):
    assert not any(map(is_antineoplastic, ingredients({"text": words})))


@pytest.mark.parametrize(
    ("words", "drug"),
    [
        ("vinCRIStina 2 mg IV", "vincristine"), ("Ciclofosfamida 300 mg/m2", "cyclophosphamide"), ("METOTREXATO", "methotrexate"), ("citarabina", "cytarabine"),
        ("dexametasona 4 mg tabletas", "dexamethasone"), ("Asparaginasa", "asparaginase"), ("etopósido", "etoposide"), ("hidroxiurea", "hydroxyurea"),
        ("inotuzumab ozogamicina", "inotuzumab_ozogamicin"), ("CMC-544", "inotuzumab_ozogamicin"), ("defibrotida", "defibrotide"), ("vincristin", "vincristine"),
    ],
)  # fmt: skip
def test_names_in_spanish_and_as_further_spelled(words, drug):
    assert ingredients({"text": words}) == {drug}


@pytest.mark.parametrize(
    ("words", "drugs"),
    [
        ("leucovorin calcium 15 mg (methotrexate rescue)", set()), ("mesna 400 mg (with cyclophosphamide)", set()), ("Leucovorin for methotrexate", set()),
        ("glucarpidase, methotrexate toxicity", set()), ("mesna + cyclophosphamide", {"cyclophosphamide"}), ("cyclophosphamide with mesna", {"cyclophosphamide"}),
        ("levoleucovorin after methotrexate", set()), ("methotrexate 1 g with leucovorin rescue", {"methotrexate"}),
    ],
)  # fmt: skip
def test_the_drug_that_another_one_protects_from_is_not_the_one_named(words, drugs):
    assert ingredients({"text": words}) == drugs


@pytest.mark.parametrize(
    ("words", "drug"),
    [("Pegasparagase 3750 units", "pegaspargase"), ("inotuzamab ozogamicin", "inotuzumab_ozogamicin"), ("Dasatanib", "dasatinib")],
)  # fmt: skip
def test_usual_misspellings_are_known(words, drug):
    assert ingredients({"text": words}) == {drug}

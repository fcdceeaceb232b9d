"""Every row of the code tables comes from an open source: a licence that lets a payer use and pass it on.

A code and its name belong to the code system; where its own terms are open, any public place may have
shown them. Compilations for non-commercial use only are no source.
"""

import csv
import re
from importlib.resources import files

import pytest

TABLES = sorted(
    p.name for p in files("cds_service.clinical.terminology").iterdir() if p.name.endswith(".csv")
)

# Where the row may be taken from, and under which licence.
OPEN = {
    "github:mcode/": "Apache-2.0",
    "github:nmdp-ig/cibmtr-reporting-ig": "Apache-2.0",
    "github:OHDSI/PhenotypeLibrary": "Apache-2.0",
    "github:google/fhir": "Apache-2.0",
    "github:cds-hooks/": "Apache-2.0",
    "CDS Hooks specification (github:cds-hooks/docs)": "Apache-2.0",
    "github:cqframework/ecqm-content-qicore-2024": "CC0-1.0",
    "github:hl7-eu/unicom-ig": "CC0-1.0",
    "github:cpicpgx/cpic-data": "CC0-1.0",
    "github:medizininformatik-initiative/kerndatensatzmodul-onkologie": "CC0-1.0",
    "github:medizininformatik-initiative/kerndatensatzmodul-labor": "CC-BY-4.0",
    "github:HL7/": "CC0-1.0",
    "US Core (github:HL7/US-Core)": "CC0-1.0",
    "npm:hl7.": "CC0-1.0",
    "CMS FY2026 icd10": "work of the United States government",
    "CMS FY2021 icd10": "work of the United States government",
    "CMS 2019 HCPCS file": "work of the United States government",
    "github:softek/CMS.HCPCS": "work of the United States government (CMS Addendum B)",
    "https://dailymed.nlm.nih.gov": "work of the United States government",
    "https://seer.cancer.gov": "work of the United States government",
    "UCUM": "UCUM, free of charge",
}  # fmt: skip

# Places that only showed a code and its name; accepted for code systems whose own terms are open.
SHOWN_AT = (
    "LOINC", "github:mi-erasmusmc/ema-authorised-to-rxnorm-mappings", "github:medizininformatik-initiative/loincsnomed-lab-concepts",
    "github:FHIR/fhir-test-cases", "github:chicagopcdc/linkml-data-dictionary", "github:hl7-eu/pcsp", "github:AudaciousInquiry/fhir-saner",
    "github:smart-on-fhir/generated-sample-data", "github:standardhealth/shr_spec", "github:hl7germany/forschungsnetz-covid19",
    "public value sets", "public guides", "public lists of terms",
)  # fmt: skip
OPEN_SYSTEMS = (
    "http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "http://hl7.org/fhir/", "http://terminology.hl7.org/",
)  # fmt: skip

# This project's own words and derivations, and rows that decide nothing.
OWN = (
    "name",
    "derived",
    "policy definitions",
    "policy wording",
    "seed policy",
    "recommendation POL-REC-",
    "UNVERIFIED",
    "code verified",
    "Names of tests in laboratory and EHR extracts",
    "reviewed one by one",
    "Spelling met in laboratory data",
    "the UCUM code is that of units.csv",
)
# Pages of which one fact was read: that a drug prolongs QT, the sensitivity of a test, where a code was seen.
FACT = ("https://", "seen at ", "sensitivity ", "github:vanderbilt-internal-medicine/")

REFUSED = re.compile(r"fabkury|by-nc|noncommercial|non-commercial", re.IGNORECASE)


def rows():
    for table in TABLES:
        with files("cds_service.clinical.terminology").joinpath(table).open(encoding="utf-8") as opened:
            for row in csv.DictReader(opened):
                yield table, row


def parts(source):
    return [p.strip().removeprefix("code: ") for p in re.split(r"\|\||;", source)]


def is_open(part, system):
    return part.startswith((*OPEN, *OWN)) or (part.startswith(SHOWN_AT) and system.startswith(OPEN_SYSTEMS))


def faults(row):
    """What of a row's source is not open, or not known."""
    found = [p for p in parts(row["source"]) if not is_open(p, row["system"]) and not p.startswith(FACT)]
    if not any(is_open(p, row["system"]) for p in parts(row["source"])):
        found.append(f"no open source: {row['source']}")
    return found + REFUSED.findall(row["source"])


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_an_open_source(table):
    found = [
        (row["concept"], row["code"], faults(row)) for name, row in rows() if name == table and faults(row)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["", "github:fabkury/atcd:WHO ATC-DDD 2024-07-31.csv", "https://www.whocc.no/atc", "github:somebody/drugs",
     "https://page.example || code: github:fabkury/ndc_map@6df982ca67:x.zip", "CC BY-NC-SA list"],
)  # fmt: skip
def test_what_is_not_open_is_seen(source):
    assert faults({"system": "http://www.whocc.no/atc", "source": source})


def test_a_place_that_showed_a_code_is_none_for_a_system_whose_terms_are_not_open():
    shown = "github:FHIR/fhir-test-cases@2dee8a0f8f:r4/examples/x.json"
    assert not faults({"system": "http://loinc.org", "source": shown})
    assert faults({"system": "http://www.whocc.no/atc", "source": shown})


def test_the_notice_names_no_compilation_for_non_commercial_use(request):
    notice = (request.config.rootpath / "NOTICE").read_text(encoding="utf-8")
    assert not REFUSED.search(notice)
    for named in ("hl7-eu/unicom-ig", "cpicpgx/cpic-data", "nmdp-ig/cibmtr-reporting-ig", "DailyMed"):
        assert named in notice

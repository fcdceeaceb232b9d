"""What an absence of BCR::ABL1 is said of: that "no fusion was detected" tells of no earlier finding."""

import pytest

from cds_service.clinical.leukemia.ph_words import Of, absence_of


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("No BCR::ABL1 fusion was detected by PCR", Of.SAMPLE), ("no Philadelphia chromosome was present", Of.SAMPLE),
        ("No t(9;22) was detected at diagnosis", Of.DISEASE),
        ("No BCR::ABL1, which was detected earlier", Of.RESPONSE), ("No longer was BCR::ABL1 detected", Of.RESPONSE),
        ("No residual BCR::ABL1 was detected after induction", Of.RESPONSE), ("BCR::ABL1 was detected, now absent", Of.RESPONSE),
    ],
)  # fmt: skip
def test_what_an_absence_is_said_of(text: str, of: Of) -> None:
    assert absence_of(text, text) is of

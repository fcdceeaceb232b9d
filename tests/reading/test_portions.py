"""Whether a denied CD22 is of a part of the blasts only."""

import pytest

from cds_service.clinical.reading.markers.portions import of_a_part


@pytest.mark.parametrize(
    ("clause", "part"),
    [
        ("5 % of blasts are CD22 negative", True),
        ("partial loss of CD22", True),
        ("CD22-negative blasts: none", True),
        ("CD22 negative on a subset of the blasts", True),
        ("blasts are CD22 negative", False),
        ("100 % of blasts are CD22 negative", False),
        ("CD22 negative " * 500, True),  # so long that it is not sure whose the words are
    ],
)
def test_a_part_of_the_blasts_is_told_from_all_of_them(clause, part):
    assert of_a_part(clause) is part

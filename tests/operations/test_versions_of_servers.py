"""``hapi-check`` says which version of FHIR a server speaks, and goes on only with R4 or, saying so, with R4B."""

from types import SimpleNamespace

import pytest

from cds_service.commands.hapi_check import _introduce
from cds_service.commands.scratch_patient import ScratchError


def introduced(version, capsys):
    """What is said of a server that names this version."""
    server = SimpleNamespace(
        server="https://fhir.example.org", url=lambda path: path, get=lambda *_: {"fhirVersion": version}
    )
    _introduce(server)
    return capsys.readouterr().out


def test_r4_needs_no_word(capsys):
    assert "R4B" not in introduced("4.0.1", capsys)


def test_r4b_is_named(capsys):
    assert "R4B and not R4 (4.0.1)" in introduced("4.3.0", capsys)


@pytest.mark.parametrize("version", ["3.0.2", "4.6.0", "5.0.0", "40.1", None])
def test_any_other_version_ends_the_check(version, capsys):
    with pytest.raises(ScratchError, match=r"R4 \(4\.0\.1\) is needed"):
        introduced(version, capsys)

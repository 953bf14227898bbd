"""Who sits at the command line is whom their account is bound to, whatever they type."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bootstrap.installation import Installation
from cli.app import app
from contracts.proof import Said
from service.identity import NotBound, account, bind, bound, prove, unbind
from settings import Settings

UNDO = Said(act="undo", about="returns/webshop/RMA-1")


@pytest.fixture
def kontor(office: Path, tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(office=office, state=tmp_path / "state")) as installation:
        yield installation


def command(kontor: Installation, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), obj=kontor)


def test_an_account_proves_to_be_whom_it_is_bound_to_and_nobody_else(
    kontor: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind(kontor, "ben")
    monkeypatch.setenv("KONTOR_PERSON", "anna")
    monkeypatch.setenv("USER", "anna")

    proof = prove(kontor, "ben", UNDO)
    assert (proof.person, proof.how, proof.door, proof.about) == ("ben", "os-account", "cli", UNDO.about)
    with pytest.raises(NotBound, match="kontor people bind anna"):
        prove(kontor, "anna", UNDO)


def test_an_account_that_is_bound_no_more_proves_nothing(kontor: Installation) -> None:
    bind(kontor, "ben")
    bind(kontor, "anna")
    assert unbind(kontor, "ben")

    assert bound(kontor) == ("anna",)
    with pytest.raises(NotBound):
        prove(kontor, "ben", UNDO)


def test_people_of_the_staff_are_bound_at_the_command_line_and_strangers_are_not(
    kontor: Installation,
) -> None:
    stranger = command(kontor, "people", "bind", "mallory")
    assert (stranger.exit_code, "staff.toml" in stranger.output) == (2, True)

    found = command(kontor, "people", "bind", "ben", "--json")
    assert (found.exit_code, json.loads(found.output)["person"]) == (0, "ben")
    assert f"you are {account(kontor)}: ben" in command(kontor, "people", "list").output
    assert command(kontor, "people", "unbind", "ben").exit_code == 0
    assert command(kontor, "people", "unbind", "ben").exit_code == 1


def test_an_undo_in_the_name_of_somebody_else_is_refused_before_anything_is_done(
    kontor: Installation,
) -> None:
    bind(kontor, "ben")

    with pytest.raises(NotBound):
        prove(kontor, "anna", UNDO)
    assert kontor.proofs.find("anything") is None

"""Proofs: written by a door, used up once, by whom they were written for."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from contracts.proof import LASTS, ProofRefused, Said
from memory.authoritative.proofs import SqlProofs, redeem
from memory.database import writing

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNDO = Said(act="undo", about="returns/webshop/RMA-1", words={"keys": []})


def issued(engine: Engine, person: str = "ben") -> str:
    return SqlProofs(engine).issue(person, "os-account", "cli", UNDO, NOW).id


def used(engine: Engine, proof_id: str, by: str, at: datetime = NOW) -> bool:
    try:
        with writing(engine) as session:
            redeem(session, proof_id, by, at)
    except ProofRefused:
        return False
    return True


def test_a_proof_is_used_once_and_its_user_may_look_again(engine: Engine) -> None:
    proof_id = issued(engine)

    assert used(engine, proof_id, "first")
    assert not used(engine, proof_id, "second")
    assert used(engine, proof_id, "first", NOW + LASTS * 2)


def test_a_proof_that_expired_or_was_never_issued_is_none(engine: Engine) -> None:
    assert not used(engine, issued(engine), "late", NOW + LASTS)
    assert not used(engine, "made-up", "anybody")


def test_a_run_finds_what_its_person_said_and_no_other_run_does(engine: Engine) -> None:
    proofs, about = SqlProofs(engine), UNDO.about
    issued(engine)

    with pytest.raises(ProofRefused, match="anna"):
        proofs.of_run("undo", about, "anna", ("run-1", "run-1"), NOW)
    assert proofs.of_run("undo", about, "ben", ("run-1", "run-1"), NOW).person == "ben"
    assert proofs.of_run("undo", about, "ben", ("run-2", "run-1"), NOW + timedelta(days=2)).person == "ben"
    with pytest.raises(ProofRefused):
        proofs.of_run("undo", about, "ben", ("run-3", "run-3"), NOW)

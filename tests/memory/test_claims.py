"""One open case for each order line, however many ask at once."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from contracts.case import CaseRecord, CaseStatus
from memory.cases import SqlCases
from memory.claims import SqlClaims

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent.parent


def save(engine: Engine, case_id: str, status: CaseStatus) -> None:
    SqlCases(engine).save(
        CaseRecord(
            id=case_id,
            desk="returns",
            channel="webshop",
            status=status,
            summary="",
            opened_at=NOON,
            updated_at=NOON,
        )
    )


def test_claims_are_taken_all_or_none(engine: Engine) -> None:
    claims = SqlClaims(engine)
    assert claims.claim("one", ["b", "c"], NOON) is None
    assert claims.claim("two", ["a", "c", "d"], NOON) == "one"
    assert claims.held_by("two") == ()
    assert claims.claim("two", ["a", "d"], NOON) is None
    assert claims.claim("one", ["b", "c"], NOON) is None
    assert claims.claim("three", [], NOON) is None


def test_released_claims_are_free(engine: Engine) -> None:
    claims = SqlClaims(engine)
    claims.claim("one", ["a"], NOON)
    claims.release("one")
    assert claims.claim("two", ["a"], NOON) is None


@pytest.mark.parametrize("status", list(CaseStatus))
def test_a_claim_is_free_once_its_case_has_ended_and_not_before(engine: Engine, status: CaseStatus) -> None:
    claims = SqlClaims(engine)
    save(engine, "one", status)
    claims.claim("one", ["a"], NOON)
    assert claims.claim("two", ["a", "b"], NOON) == (None if status.ended else "one")
    assert claims.held_by("two") == (("a", "b") if status.ended else ())


def test_two_processes_never_hold_the_same_claim_and_never_block_each_other(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.memory.claimer", url, case],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for case in ("left", "right")
    ]
    said = {
        case: racer.communicate(timeout=60)[0] for case, racer in zip(("left", "right"), racers, strict=True)
    }
    assert [racer.returncode for racer in racers] == [0, 0]
    claims = SqlClaims(engine)
    holders: Counter[str] = Counter()
    for case, lines in said.items():
        for line in lines.splitlines():
            number, answer = line.split(" ", 1)
            held = claims.held_by(f"{case}-{number}")
            assert len(held) == (2 if answer == "won" else 0)
            holders.update(held)
    assert max(holders.values()) == 1
    assert sum(holders.values()) >= 34


def test_an_ended_case_frees_its_own_claims_and_nobody_elses(engine: Engine) -> None:
    claims = SqlClaims(engine)
    save(engine, "ended", CaseStatus.SETTLED)
    save(engine, "open", CaseStatus.WAITING)
    assert claims.claim("ended", ["a"], NOON) is None
    assert claims.claim("open", ["b"], NOON) is None

    assert claims.claim("late", ["b"], NOON) == "open"

"""One open case for each order line, however many ask at once."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from contracts.case import CaseRecord, CaseStatus
from tests.conftest import ROOT
from tests.memory.audit_helpers import keep_case
from tests.memory.claims import claim, held_by

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


def save(engine: Engine, case_id: str, status: CaseStatus) -> None:
    keep_case(
        engine,
        CaseRecord(
            id=case_id,
            desk="returns",
            channel="webshop",
            status=status,
            summary="",
            opened_at=NOON,
            updated_at=NOON,
        ),
    )


def test_claims_are_taken_all_or_none(engine: Engine) -> None:
    assert claim(engine, "one", ["b", "c"], NOON) is None
    assert claim(engine, "two", ["a", "c", "d"], NOON) == "one"
    assert held_by(engine, "two") == ()
    assert claim(engine, "two", ["a", "d"], NOON) is None
    assert claim(engine, "one", ["b", "c"], NOON) is None
    assert claim(engine, "three", [], NOON) is None


@pytest.mark.parametrize("status", list(CaseStatus))
def test_a_claim_is_free_once_its_case_has_ended_and_not_before(engine: Engine, status: CaseStatus) -> None:
    save(engine, "one", status)
    claim(engine, "one", ["a"], NOON)
    assert claim(engine, "two", ["a", "b"], NOON) == (None if status.ended else "one")
    assert held_by(engine, "two") == (("a", "b") if status.ended else ())


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
    holders: Counter[str] = Counter()
    for case, lines in said.items():
        for line in lines.splitlines():
            number, answer = line.split(" ", 1)
            held = held_by(engine, f"{case}-{number}")
            assert len(held) == (2 if answer == "won" else 0)
            holders.update(held)
    assert max(holders.values()) == 1
    assert sum(holders.values()) >= 34


def test_an_ended_case_frees_its_own_claims_and_nobody_elses(engine: Engine) -> None:
    save(engine, "ended", CaseStatus.SETTLED)
    save(engine, "open", CaseStatus.WAITING)
    assert claim(engine, "ended", ["a"], NOON) is None
    assert claim(engine, "open", ["b"], NOON) is None

    assert claim(engine, "late", ["b"], NOON) == "open"

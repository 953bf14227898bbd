"""The ledger and the effect activity under arbitrary interleavings, against what really happened.

Every attempt runs the shipped activity and the shipped ledger. What is played: the outside system
(which knows the truth), its clock, Temporal's attempts (two may overlap, as after a lost
heartbeat), and the death of a worker before or after any step of it.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import (
    run_state_machine_as_test,
)
from sqlalchemy import Engine, event

from contracts.failure import FailureClass
from contracts.ledger import refusal
from tests.activities.effects.machine import Interleavings

EXAMPLES = int(os.environ.get("KONTOR_EXAMPLES", "25"))
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def quick(engine: Engine) -> Iterator[Engine]:
    """The database without its wait for the disk: nobody pulls the plug here."""

    def hurry(connection: Any, _record: Any) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", hurry)
    engine.dispose()
    yield engine
    event.remove(engine, "connect", hurry)
    engine.dispose()


def play(engine: Engine, examples: int, *phases: Phase, derandomize: bool = False) -> None:
    """Play examples, the same at each run if `derandomize`; raises on the first that breaks a promise."""
    run_state_machine_as_test(
        type("Machine", (Interleavings,), {"engine": engine}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            phases=phases or tuple(Phase),
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_interleaving_sends_twice_loses_an_effect_or_redeems_a_permit_twice(quick: Engine) -> None:
    # The rules are the same on both; PostgreSQL waits for the disk at every commit.
    play(quick, EXAMPLES if quick.dialect.name == "sqlite" else max(5, EXAMPLES // 4))


MISTAKES: dict[str, tuple[str, Callable[..., object]]] = {
    "believes the first look-up": (
        "memory.authoritative.ledger.ledger.absence_proved_from",
        lambda _calls, _latency: LONG_AGO,
    ),
    "reads a lost answer as a failure": (
        "activities.effects.classify",
        lambda *_: FailureClass.NOT_APPLIED_RETRY,
    ),
    "takes one call's refusal for the effect's": (
        "memory.authoritative.ledger.ledger.refused_for_good",
        refusal,
    ),
    "does not redeem": ("memory.authoritative.ledger.ledger.redeem", lambda *_: None),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_machine_notices_a_ledger_that(
    mistake: str, quick: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if quick.dialect.name != "sqlite":
        pytest.skip("what is tried here is the machine, not the database")
    monkeypatch.setattr(*MISTAKES[mistake])
    # A refusal that the machine expects and does not get is pytest's own failure, no AssertionError.
    with pytest.raises((AssertionError, FlakyFailure, ExceptionGroup, pytest.fail.Exception)):
        play(quick, 400, Phase.generate, derandomize=True)

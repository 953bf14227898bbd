"""`kontor effects` on a real ledger."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli.doctor.command import doctor
from cli.effects import app
from contracts.failure import FailureClass
from settings import Settings
from tests.activities.effects.fake_channel import Clock, FakeChannel, Made, manifest
from tests.activities.effects.ledger_helpers import Door, refund

RUNNER = CliRunner()


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A ledger with one applied refund, and one whose answer was lost and that was given up."""
    here = Installation(Settings(state=tmp_path))
    monkeypatch.setattr(RUNNER, "invoke", partial(RUNNER.invoke, obj=here))
    monkeypatch.setenv("COLUMNS", "200")
    clock = Clock()
    clock.now = datetime.now(UTC) - timedelta(minutes=5)
    door = Door(here.database, FakeChannel(clock, manifest("none")), clock)
    till = door.till.manifest("till")
    for step, lost in (("refund", False), ("refund-2", True)):
        order = door.order(refund(step=step))
        call = door.ledger.begin(order, till, door.policy_version, clock.now).call
        clock.pass_seconds(0.25)
        if lost:
            door.ledger.call_failed(
                order.key,
                call,
                failure=FailureClass.AMBIGUOUS,
                why="the connection was cut",
                now=clock.now,
            )
            door.ledger.give_up(order, "the answer was lost", clock.now)
        else:
            made = Made("R-7", "till", "refund", {}, order.key, clock.now)
            door.ledger.answered(order.key, call, made.told, clock.now)
    yield door
    here.close()


def test_the_list_shows_each_effect_with_its_state_and_the_newest_first(door: Door) -> None:
    told = RUNNER.invoke(app, ["list"]).output
    rows = [line for line in told.splitlines() if "till refund" in line]
    assert ["unknown" in rows[0], "applied" in rows[1], "R-7" in rows[1]] == [True, True, True]


def test_the_list_is_narrowed_by_state_and_refuses_a_state_there_is_not(door: Door) -> None:
    assert "R-7" not in RUNNER.invoke(app, ["list", "--state", "unknown"]).output
    wrong = RUNNER.invoke(app, ["list", "--state", "lost"])
    assert wrong.exit_code == 2
    assert "compensated" in wrong.output


def test_one_effect_is_shown_by_the_beginning_of_its_key_with_what_every_call_showed(door: Door) -> None:
    told = RUNNER.invoke(app, ["show", "refund-2-"]).output
    assert "a person must look" in told
    assert "1. send: ambiguous after 0.250 s (the connection was cut)" in told
    assert "permit permit-" in told


def test_a_beginning_that_several_keys_share_is_refused(door: Door) -> None:
    shared = RUNNER.invoke(app, ["show", "refund"])
    assert shared.exit_code == 2
    assert "several keys" in shared.output


def test_an_effect_that_is_not_there_is_said_not_to_be(door: Door) -> None:
    assert RUNNER.invoke(app, ["show", "nothing"]).exit_code == 1


def test_the_doctor_says_where_effects_wait_to_be_let_in_and_why(door: Door) -> None:
    alone = typer.Typer()
    alone.command()(doctor)
    order, till = door.order(refund(step="refund-3")), door.till.manifest("till")
    call = door.ledger.begin(order, till, door.policy_version, door.clock.now).call
    why = "till.refund: status 401, we are not let in"
    refused = FailureClass.NOT_APPLIED_RETRY
    door.ledger.call_failed(order.key, call, failure=refused, why=why, now=door.clock.now)
    told = json.loads(RUNNER.invoke(alone, ["--json"]).output)
    [finding] = [each for each in told if each["part"] == "effects at till"]
    assert finding["state"] == "off"
    assert finding["where"].startswith("1 wait, the first since ")
    assert finding["advice"] == why

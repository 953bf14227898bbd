"""`kontor proof` as the README teaches it: what it prints is run as it stands, with Temporal's command."""

import asyncio
import json
import shlex
import subprocess
from pathlib import Path

from typer.testing import CliRunner, Result

from bootstrap.installation import Installation
from cli.app import app
from cli.stack.dev_server import temporal_binary
from contracts.approvals.request import AnswerStatus, ApprovalOutcome
from tests.workflows.kernel.approvals.test_cli import Desk, desk, found, outcome

__all__ = ["desk", "found"]  # fixtures


async def kontor(found: Installation, *words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), obj=found)


async def run(printed: str) -> None:
    """Run a command that was printed, as a shell does."""
    program, *words = shlex.split(printed)
    assert program == "temporal"
    line = [str(temporal_binary()), *words]
    await asyncio.to_thread(subprocess.run, line, check=True, capture_output=True, cwd=Path("/"))


async def test_what_is_printed_approves_as_it_stands(desk: Desk, found: Installation) -> None:
    assert (await kontor(found, "people", "bind", "ben")).exit_code == 0
    handle, request_id = await desk.waiting_case()

    proof = await kontor(found, "proof", handle.id, "approve", "--as", "ben", "--note", "it's fine")
    assert proof.exit_code == 0, proof.output
    await run(proof.output)
    ended = await outcome(handle)

    assert ended[0] is ApprovalOutcome.APPROVED
    record = desk.house.approvals.find(request_id)
    assert record is not None
    [answer] = record.answers
    assert (answer.standing, answer.answer.note, answer.shown.how) == (
        AnswerStatus.VALID,
        "it's fine",
        "os-account",
    )


async def test_the_payload_alone_is_json_for_the_web_ui_and_without_its_proof_it_is_an_attempt(
    desk: Desk, found: Installation
) -> None:
    assert (await kontor(found, "people", "bind", "ben")).exit_code == 0
    handle, request_id = await desk.waiting_case()

    payload = json.loads(
        (await kontor(found, "proof", request_id, "reject", "--as", "ben", "--payload")).output
    )
    await handle.signal("decide", {name: value for name, value in payload.items() if name != "proof"})
    await handle.signal("decide", payload | {"choice": "approve"})
    await handle.signal("decide", payload)

    assert (await outcome(handle))[0] is ApprovalOutcome.REJECTED
    record = desk.house.approvals.find(request_id)
    assert record is not None
    foreign = AnswerStatus.FOREIGN
    assert [kept.standing for kept in record.answers] == [foreign, foreign, AnswerStatus.VALID]


async def test_who_is_not_bound_and_what_is_no_answer_is_told_how_and_proves_nothing(
    desk: Desk, found: Installation
) -> None:
    assert (await kontor(found, "people", "bind", "ben")).exit_code == 0
    _, request_id = await desk.waiting_case()

    stranger = await kontor(found, "proof", request_id, "approve", "--as", "anna")
    assert (stranger.exit_code, "kontor people bind anna" in stranger.output) == (2, True)
    wrong = await kontor(found, "proof", request_id, "burn", "--as", "ben")
    assert (wrong.exit_code, "withdraw" in wrong.output) == (2, True)

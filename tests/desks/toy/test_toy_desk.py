"""A desk in one folder: everything the office does for a desk, it does for one it has never heard of."""

import json
from typing import Any

from typer.testing import CliRunner

from bootstrap import serving
from bootstrap.installation import Installation
from cli.app import app
from contracts.case import CaseStatus
from memory.authoritative.erasure import FORGOTTEN
from service.timeline import Timeline
from settings import Settings
from tests.desks.toy.kontor import Toy

BODY = "Lost on Sunday: a grey cat named Zanzibar, please ring at the mill."


def served(settings: Settings, connector: str) -> set[str]:
    with Installation(settings) as installation:
        found = serving.connector_activities(installation, installation.manifests[connector])
    return {vars(getattr(each, "__func__"))["__temporal_activity_definition"].name for each in found}  # noqa: B009  (mypy: a bound method)


def test_the_office_of_the_toy_desk_is_sound(office: Settings) -> None:
    result = CliRunner().invoke(app, ["check", str(office.office)])
    assert (result.exit_code, "is sound" in result.output) == (0, True), result.output


def test_a_desks_own_activities_are_served_only_where_its_requests_come_from(office: Settings) -> None:
    assert "toy.count" in served(office, "board")
    assert "toy.count" not in served(office, "press")


async def test_a_note_that_policy_allows_goes_up_and_a_request_from_elsewhere_is_refused(toy: Toy) -> None:
    case_id = await toy.submit("Choir on Monday.")

    assert await toy.ended(case_id) == "applied"
    assert toy.on_board("pinned") == [f"note {number(case_id)}"]
    assert toy.timeline(case_id).record.status is CaseStatus.SETTLED
    (toy.folder / "press.jsonl").write_text(
        json.dumps({"id": "N-0", "channel": "press", "customer": "c-1", "body": "Hello."})
    )
    refused = await toy.kontor("submit", "toy", str(toy.folder / "press.jsonl"))
    assert refused.exit_code == 1
    assert "'press' is no connector this desk takes requests from (board)" in refused.output


async def test_the_desks_own_fact_is_read_from_the_books_when_a_plan_is_judged(toy: Toy) -> None:
    await toy.ended(await toy.submit("Choir on Monday."))
    second = await toy.submit("Choir on Friday.")
    await toy.waiting(second)

    assert toy.timeline(second).verdicts[0].facts["earlier_notes"] == 1
    rejected = await toy.kontor("approvals", "reject", second, "--as", "kim", "--note", "one is enough")
    assert rejected.exit_code == 0, rejected.output
    assert await toy.ended(second) == "not_permitted"


async def test_a_case_is_approved_undone_replayed_and_forgotten_from_the_command_line(toy: Toy) -> None:
    case_id = await toy.submit(BODY)
    await toy.waiting(case_id)
    assert (await toy.kontor("approvals", "approve", case_id, "--as", "kim")).exit_code == 0
    assert await toy.ended(case_id) == "applied"

    undone = await toy.kontor("undo", case_id, "--as", "kim", "--json")
    assert undone.exit_code == 0, undone.output
    assert toy.on_board("unpinned") == [f"note {number(case_id)}"]
    assert toy.timeline(case_id).record.status is CaseStatus.UNDONE

    replayed = await toy.kontor("replay", case_id, "--json")
    assert json.loads(replayed.stdout) == {"replayed": 1, "failed": {}}, replayed.output

    assert "Zanzibar" in everything(toy.timeline(case_id))
    forgotten = await toy.kontor("memory", "forget", "c-1", "--yes")
    assert forgotten.exit_code == 0, forgotten.output
    found = toy.timeline(case_id)
    assert "Zanzibar" not in everything(found)
    assert (found.record.request["body"], found.record.request["id"]) == (FORGOTTEN, number(case_id))
    assert [piece.text for piece in found.approvals[0].request.evidence] == [FORGOTTEN]


def number(case_id: str) -> str:
    return case_id.rpartition("/")[2]


def everything(found: Timeline) -> str:
    said: Any = found.as_json()
    return json.dumps(said, default=str)

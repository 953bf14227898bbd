"""`kontor approvals` against a running case, its books and a real server."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from typer.testing import CliRunner, Result

from bootstrap.installation import Installation
from cli import approvals
from cli.stack.dev_server import DevServer
from contracts.approvals.request import Answer, AnswerStatus, ApprovalOutcome
from contracts.approvals.token import TokenRefused
from service.answers import Links, redeem
from settings import Settings
from tests.workflows.kernel.approvals.data_plane import OFFICE, DataPlane, question
from tests.workflows.kernel.approvals.serving import Handle, Serving, fresh_case
from tests.workflows.kernel.approvals.test_gate import real_now

RUN = CliRunner()


@pytest.fixture
def found(
    tmp_path: Path, temporal_server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """A kontor in a folder of its own, talking to the tests' server."""
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE", "KONTOR_PERSON"):
        monkeypatch.delenv(name, raising=False)
    own = Settings(office=OFFICE, state=tmp_path / "state", temporal_address=temporal_server.address)
    with Installation(own) as here:
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        yield here


class Desk(Serving):
    """Cases that wait, and a person at the command line."""

    async def say(self, *words: str) -> Result:
        """Run `kontor approvals …` as a person would."""
        return await asyncio.to_thread(RUN.invoke, approvals.app, list(words))

    async def read(self, *words: str) -> Any:
        """Run a command with --json and return what it says."""
        result = await self.say(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    async def waiting_case(self, cents: int = 20_000, **asked: Any) -> tuple[Handle, str]:
        handle = await self.start(question(cents, case_id=fresh_case(), **asked))
        return handle, await self.waiting(handle)


@pytest.fixture
async def desk(temporal: Client, found: Installation, tmp_path: Path) -> AsyncIterator[Desk]:
    house = DataPlane(found.database, tmp_path, clock=real_now)
    house.tokens = found.approval_tokens
    serving = Desk(temporal, house)
    async with serving.worker():
        yield serving


async def outcome(handle: Handle) -> tuple[ApprovalOutcome, int | None]:
    acted = await handle.result()
    assert acted is not None
    return acted.approval.outcome, acted.approval.amount_cents


async def test_list_show_and_approve(desk: Desk) -> None:
    handle, request_id = await desk.waiting_case()
    [entry] = await desk.read("list", "--as", "ben")
    assert (entry["id"], entry["amount_cents"], entry["waiting_for"]) == (request_id, 20_000, "clerk")
    shown = await desk.say("show", request_id[:8])
    for words in ("return of one lamp", "200.00 EUR", "clerk → lead → owner", "webshop.refund"):
        assert words in shown.output
    approved = await desk.say("approve", request_id, "--as", "ben", "--note", "saw the photo")
    assert approved.exit_code == 0, approved.output
    assert "valid" in approved.output
    assert await outcome(handle) == (ApprovalOutcome.APPROVED, 20_000)
    assert await desk.read("list") == []
    [closed] = await desk.read("list", "--status", "approved")
    assert closed["id"] == request_id


async def test_reject_edit_and_delegate(desk: Desk) -> None:
    rejected, first = await desk.waiting_case()
    edited, second = await desk.waiting_case()
    assert (await desk.say("reject", rejected.id, "--as", "ben", "--note", "no")).exit_code == 0
    handed = await desk.say("delegate", second, "--to", "chris", "--as", "ben")
    assert "delegated" in handed.output
    assert [entry["id"] for entry in await desk.read("list", "--as", "chris")] == [second]
    assert (await desk.say("edit", second, "--amount", "120.50", "--as", "chris")).exit_code == 0
    assert await outcome(rejected) == (ApprovalOutcome.REJECTED, None)
    assert await outcome(edited) == (ApprovalOutcome.EDITED, 12_050)
    wider = await desk.say("edit", first, "--amount", "500", "--as", "ben")
    assert wider.exit_code == 1


async def test_an_answer_that_does_not_count_says_so_and_exits_with_one(desk: Desk) -> None:
    handle, request_id = await desk.waiting_case(roles=("lead", "owner"))
    foreign = await desk.say("approve", request_id, "--as", "chris")
    assert foreign.exit_code == 1
    assert "foreign" in foreign.output
    wider = await desk.say("edit", request_id, "--amount", "200.01", "--as", "ben")
    assert (wider.exit_code, "200.01 EUR is not between 0.01 EUR and the 200.00 EUR" in wider.output) == (
        1,
        True,
    )
    assert (await desk.say("approve", request_id, "--as", "ben")).exit_code == 0
    await handle.result()
    late = await desk.say("approve", request_id, "--as", "anna")
    assert (late.exit_code, "late" in late.output) == (1, True)
    assert desk.standings(handle) == ["foreign", "valid", "late"]


async def test_a_bulk_answer_touches_only_what_was_listed_as_it_still_is(desk: Desk) -> None:
    cases = [await desk.waiting_case(cents) for cents in (16_000, 17_000, 30_000)]
    ids = [request_id for _, request_id in cases]
    blind = await desk.say("approve", *ids, "--as", "ben")
    assert (blind.exit_code, "not listed to ben" in blind.output) == (1, True)
    await desk.read("list", "--as", "ben")
    newer = await desk.waiting_case(16_500)
    replies = await desk.read("approve", "--listed", "--max", "200", "--as", "ben")
    assert sorted(reply["request_id"] for reply in replies) == sorted(ids[:2])
    assert all(reply["approval"]["request_id"] == reply["request_id"] for reply in replies)
    still = {entry["id"] for entry in await desk.read("list")}
    assert still == {ids[2], newer[1]}


async def test_a_bulk_answer_leaves_out_what_was_not_understood_unless_asked_for(
    desk: Desk, found: Installation
) -> None:
    _, understood = await desk.waiting_case()
    draft = question(case_id=fresh_case())
    by_hand = draft.model_copy(
        update={"plan": draft.plan.model_copy(update={"effects": ()}), "step": "by-hand"}
    )
    dark = await desk.waiting(await desk.start(by_hand))
    guess = question(case_id=fresh_case())
    plan = guess.plan.model_copy(update={"facts": guess.plan.facts | {"understood": False}})
    why = found.policy_engine.judge(plan)[0].reasons
    dim = await desk.waiting(await desk.start(guess.model_copy(update={"plan": plan, "why": why})))
    await desk.read("list", "--as", "ben")

    first = await desk.say("approve", "--listed", "--as", "ben")
    rest = await desk.read("reject", "--listed", "--by-hand", "--as", "ben", "--note", "spam")

    assert set(re.findall(r"ask-\w+", first.stdout)) == {understood}
    assert set(re.findall(r"ask-\w+", first.stderr)) == {dark, dim}, "it says what was left out"
    assert {reply["request_id"] for reply in rest} == {dark, dim}


async def test_a_refusal_names_the_limit_and_who_may(desk: Desk) -> None:
    _, request_id = await desk.waiting_case(60_000)

    refused = await desk.say("approve", request_id, "--as", "chris")

    assert refused.exit_code == 1
    assert "chris answers up to 300.00 EUR; who may answer: " in refused.output
    assert "ben" in refused.output.rpartition("who may answer")[2]


async def test_lists_narrow_by_person_age_money_and_role(desk: Desk) -> None:
    _, small = await desk.waiting_case(16_000)
    _, large = await desk.waiting_case(60_000)
    mine = await desk.read("list", "--as", "chris")
    assert [entry["id"] for entry in mine] == [small]
    assert [entry["id"] for entry in await desk.read("list", "--min", "500")] == [large]
    assert [entry["id"] for entry in await desk.read("list", "--max", "160")] == [small]
    assert await desk.read("list", "--older-than", "1h") == []
    assert len(await desk.read("list", "--due-within", "30d")) == 2
    assert await desk.read("list", "--role", "warehouse") == []
    assert len(await desk.read("list", "--limit", "1")) == 1
    wrong = await desk.say("list", "--older-than", "soon")
    assert wrong.exit_code == 2


async def test_a_signed_link_answers_once_and_no_history_holds_it(desk: Desk, found: Installation) -> None:
    handle, request_id = await desk.waiting_case(needed=2)
    token = (await desk.say("token", request_id, "--for", "ben")).stdout.strip()
    assert token.startswith("kontor1.")
    links = Links(desk.house.tokens, desk.house.approvals, lambda: desk.house.draft)
    said = Answer(person="-", choice="approve", note="from my phone")
    first = await redeem(desk.client, links, token, said)
    assert (first.standing, first.approval) == (AnswerStatus.VALID, None)
    second = await redeem(desk.client, links, token, said)
    assert second.standing == AnswerStatus.FOREIGN
    assert "used" in second.why
    with pytest.raises(TokenRefused):
        await redeem(desk.client, links, token[:-3] + "AAA", said)
    approved = await desk.say("approve", request_id, "--as", "anna")
    assert approved.exit_code == 0, approved.output
    assert (await outcome(handle))[0] == ApprovalOutcome.APPROVED
    history = (await handle.fetch_history()).to_json()
    assert token not in history
    assert token.split(".")[1] not in history
    assert desk.standings(handle) == ["valid", "foreign", "valid"]


async def test_a_reference_seen_in_a_history_is_no_link(desk: Desk) -> None:
    """Who reads `token-…` in the Web UI cannot answer with it: it carries one answer of one person."""
    _, request_id = await desk.waiting_case()
    token = (await desk.say("token", request_id, "--for", "ben")).stdout.strip()
    reference = desk.house.tokens.present(token, Answer(person="ben", choice="reject"))
    stolen = Answer(person="ben", choice="approve", token=reference)
    reply = await desk.house.say(request_id, stolen)
    assert (reply.standing, "another answer" in reply.why) == (AnswerStatus.FOREIGN, True)


async def test_a_terminated_case_is_swept_out_of_the_queue(desk: Desk) -> None:
    gone, request_id = await desk.waiting_case()
    _, other = await desk.waiting_case()
    await gone.terminate()
    assert await desk.read("sweep") == [request_id]
    assert [entry["id"] for entry in await desk.read("list")] == [other]


async def test_stats_count_what_people_changed(desk: Desk) -> None:
    for choice in ("approve", "reject", "edit"):
        handle, request_id = await desk.waiting_case()
        amount = ["--amount", "50"] if choice == "edit" else []
        assert (await desk.say(choice, request_id, "--as", "ben", *amount)).exit_code == 0
        await handle.result()
    [line] = await desk.read("stats")
    assert (line["key"], line["approved"], line["rejected"], line["edited"]) == ("returns", 1, 1, 1)
    assert (line["cut_cents"], line["cut_share"]) == (15_000, 0.75)
    assert line["disagreement_share"] == pytest.approx(2 / 3)
    by_connector = await desk.read("stats", "--by", "connector")
    version = desk.house.outside.manifest("webshop").connector_version
    assert [entry["key"] for entry in by_connector] == [f"webshop@{version}"]
    assert (await desk.say("stats", "--by", "moon")).exit_code == 2

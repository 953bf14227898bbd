"""Taking a case back, from the command line to the channels' own books."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from service.timeline import timeline
from tests.conftest import ROOT
from tests.workflows.returns.orders import RETURN, given_order
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
_numbers = itertools.count(1)


def asking(order: str, channel: str) -> ReturnRequest:
    return ReturnRequest(id=f"RMA-U{next(_numbers):04}", channel=channel, order=order, message=RETURN)


async def kontor(shop: Shop, *words: str) -> tuple[int, dict[str, Any]]:
    """Run a command with `--json` as a user would, against the running Kontor."""
    values = {
        "OFFICE": shop.settings.office,
        "STATE": shop.settings.state,
        "SECRETS_FILE": shop.settings.secrets_file,
        "TEMPORAL_ADDRESS": shop.settings.temporal_address,
        "SANDBOX_PORT": shop.settings.sandbox_port,
    }
    environment = os.environ | {f"KONTOR_{name}": str(value) for name, value in values.items()}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(Path(ROOT) / "starter.py"), *words, "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or "{}")


async def test_an_undo_takes_back_what_can_be_and_says_plainly_what_cannot(shop: Shop) -> None:
    order = given_order(shop, "webshop")
    request = asking(order, "webshop")
    assert (await shop.run(request)).status is CaseStatus.SETTLED

    code, told = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben", "--note", "wrong customer")

    remaining = {left["step"]: left["why"] for left in told["report"]["remaining"]}
    assert code == 0
    assert list(remaining) == ["notify"]
    assert "nothing that undoes notify" in remaining["notify"]
    assert {receipt["state"] for receipt in told["report"]["undone"]} == {"applied"}
    for kind in ("refund", "restock", "mark"):
        assert shop.undone("webshop", kind, order) == [True], kind
    assert len(shop.entries("webshop", "undo_refund", order)) == 1
    assert len(shop.entries("webshop", "message", order)) == 1
    found = shop.timeline(request)
    assert found.record.outcome == "partly_undone"
    assert {verdict.facts.get("asked_by") for verdict in found.verdicts} >= {"ben"}


async def test_the_store_has_paid_out_and_the_refund_stays(shop: Shop) -> None:
    order = given_order(shop, "store")
    request = asking(order, "store")
    await shop.run(request)

    _, told = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    remaining = {left["step"] for left in told["report"]["remaining"]}
    assert remaining == {"refund", "notify"}
    assert shop.undone("store", "refund", order) == [False]


async def test_one_effect_is_undone_by_its_key_and_only_once(shop: Shop) -> None:
    order = given_order(shop, "marketplace")
    request = asking(order, "marketplace")
    await shop.run(request)
    case_id = DESK.case_id(request)
    _, effects = await kontor(shop, "effects", "list", "--case", case_id, "--operation", "restock")
    key = effects[0]["order"]["key"]  # type: ignore[index] # a list of effects

    code, told = await kontor(shop, "undo", key, "--as", "ben")
    again, plan = await kontor(shop, "undo", key, "--as", "ben")

    assert code == 0
    assert told["report"]["remaining"] == []
    assert again == 1
    assert plan["impossible"][0]["why"] == "it is undone already"
    assert len(shop.entries("marketplace", "undo_restock", order)) == 1
    _, shown = await kontor(shop, "effects", "show", key)
    assert shown["receipt"]["state"] == "compensated"


async def test_undoing_much_money_waits_for_a_second_person(shop: Shop) -> None:
    order = given_order(shop, "webshop", lines=[{"id": "L1", "sku": "SHIRT-S", "quantity": 4}])
    request = asking(order, "webshop")
    await shop.submit(request)
    await answer_open(shop, request, "anna")
    assert (await shop.handle(request).result()).amount_cents == 16000
    case_id = DESK.case_id(request)

    undoing = asyncio.create_task(kontor(shop, "undo", case_id, "--as", "ben", "--wait", "60"))
    await waiting_question(shop, request)
    code, _ = await kontor(shop, "undo", case_id, "--as", "emil")
    assert code == 1
    assert shop.undone("webshop", "refund", order) == [False]
    await answer_open(shop, request, "anna")
    _, told = await undoing

    assert {left["step"] for left in told["report"]["remaining"]} == {"notify"}
    assert shop.undone("webshop", "refund", order) == [True]


async def waiting_question(shop: Shop, request: ReturnRequest) -> str:
    """The id of the question that waits, once there is one."""
    for _ in range(200):
        found = timeline(shop.installation, DESK.case_id(request))
        waiting = [each for each in found.approvals if each.approval is None] if found else []
        if waiting:
            return waiting[0].request.id
        await asyncio.sleep(0.1)
    raise AssertionError("nothing was asked")


async def answer_open(shop: Shop, request: ReturnRequest, person: str) -> None:
    """Approve what the case asks."""
    question = await waiting_question(shop, request)
    answer = Answer(person=person, choice="approve", request_id=question)
    await shop.handle(request).signal("decide", answer)


async def test_a_stranger_undoes_nothing(shop: Shop) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(Path(ROOT) / "starter.py"), "undo", "returns/webshop/RMA-1", "--as", "nobody"],
        cwd=ROOT,
        env=os.environ | {"KONTOR_STATE": str(shop.settings.state)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "on the staff" in done.stderr

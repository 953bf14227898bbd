"""The reconciler as a workflow: real server, real sandbox, real policies, people who answer."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

import worker
from bootstrap.installation import Installation
from bootstrap.serving import effect_activities
from cli.stack.dev_server import DevServer
from cli.stack.secrets_file import ensure_sandbox_secrets
from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer, AnswerStatus
from contracts.case import CaseStatus
from contracts.effect import EffectOrder, EffectState, Permit, ProposedEffect
from contracts.ids import CONTROL_QUEUE, effect_key, permit_id
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.messages import Patience, ReconcileRequest, ReconcileSummary
from memory.authoritative.cases import CaseFilter
from sandbox.server import Sandbox, running
from settings import Settings
from workflows.kernel import history
from workflows.reconciliation.reconcile import WORKFLOW_ID, ReconcileWorkflow

CHANNEL = "marketplace"
ORDER = "M-2001"
AT_ONCE = Patience(margin=timedelta(0), grace=timedelta(0))


@dataclass
class Office:
    """A Kontor in this process: its worker, its books, and the sandbox's marketplace."""

    installation: Installation
    client: Client
    sandbox: Sandbox

    def order(self, order: str, cents: int, case: str) -> EffectOrder:
        """A refund that was allowed, permit and all."""
        effect = ProposedEffect(
            step="refund",
            connector=CHANNEL,
            operation="refund",
            arguments={
                "order": order,
                "payment_method": "wallet-7701",
                "amount_cents": cents,
                "currency": "EUR",
                "reason": "size",
                "lines": [],
            },
            amount_cents=cents,
            currency="EUR",
        )
        key = effect_key(case, "refund")
        permit = Permit(
            id=permit_id(key, effect.arguments_hash, "verdict"),
            effect_key=key,
            case_id=case,
            connector=CHANNEL,
            operation="refund",
            arguments_hash=effect.arguments_hash,
            amount_cents=effect.amount_cents,
            currency=effect.currency,
            connector_version=self.installation.manifests[CHANNEL].connector_version,
            policy_version=self.installation.policy_engine.version,
            office_version="",
            basis="verdict",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
        self.installation.authorizations.keep(case, (), (), [permit], datetime.now(UTC))
        return EffectOrder(case_id=case, key=key, effect=effect, permit_id=permit.id)

    async def pay(self, order: EffectOrder, fault: str = "") -> None:
        """Have the data plane pay it, as the desk does."""
        if fault:
            await self.strike("refund", fault)
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, schedule_to_close_timeout=None)
        await environment.run(effect_activities(self.installation).perform, order)

    async def strike(self, operation: str, fault: str, **more: int) -> None:
        """Script the next calls of one operation to fail."""
        script = {"channel": CHANNEL, "operation": operation, "fault": fault, **more}
        async with httpx.AsyncClient(base_url=self.sandbox.url) as admin:
            assert (await admin.post("/admin/script", json=script)).status_code == 200

    async def reconcile(self, **request: Any) -> ReconcileSummary:
        """Run the reconciler over the marketplace, as the schedule does."""
        asked = ReconcileRequest(**{"connectors": (CHANNEL,), "patience": AT_ONCE, **request})
        return await self.client.execute_workflow(
            ReconcileWorkflow.run, asked, id=WORKFLOW_ID, task_queue=CONTROL_QUEUE
        )

    async def until(self, look: Callable[[], bool]) -> None:
        """Wait until something is seen."""
        for _ in range(400):
            if look():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it never happened")

    async def answer(self, case: str, choice: Literal["approve", "reject"]) -> None:
        """Answer as the lead, and wait for the end of the case."""
        handle = self.client.get_workflow_handle(case)
        reply: AnswerReply = await handle.execute_update(
            "decide", Answer(person="ben", choice=choice), result_type=AnswerReply
        )
        assert reply.standing is AnswerStatus.VALID, reply.why
        await handle.result()

    def hide(self, *, hidden: bool) -> None:
        """Let the marketplace forget its refunds for a while, or remember them."""
        kinds = ("refund", "hidden") if hidden else ("hidden", "refund")
        with sqlite3.connect(self.sandbox.database) as database:
            database.execute("update entries set kind = ?2 where kind = ?1", kinds)

    def state(self, order: EffectOrder) -> EffectState:
        receipt = self.installation.ledger.find(order.key)
        assert receipt is not None
        return receipt.state

    def cases(self, status: CaseStatus) -> list[str]:
        found = self.installation.cases.newest(CaseFilter(desk="books", status=status))
        return [case.id for case in found]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path / "sandbox.db") as started:
        yield started


@pytest.fixture
async def kontor(
    office: Path, sandbox: Sandbox, temporal_server: DevServer, temporal: Client, tmp_path: Path
) -> AsyncIterator[Office]:
    found = Settings(
        office=office,
        state=tmp_path / "state",
        temporal_address=temporal_server.address,
        sandbox_port=sandbox.port,
    )
    ensure_sandbox_secrets(found.secrets_file)
    async with Installation(found) as installation, AsyncExitStack() as stack:
        for each in [*worker.control(temporal, installation), *worker.connectors(temporal, installation)]:
            await stack.enter_async_context(each)
        yield Office(installation, temporal, sandbox)


async def test_a_run_heals_what_is_proved_and_gives_people_the_rest(kontor: Office) -> None:
    good, lost = (kontor.order(ORDER, cents, f"returns/{CHANNEL}/{cents}") for cents in (100, 200))
    await kontor.pay(good)
    with pytest.raises(ApplicationError):
        await kontor.pay(lost, fault="cut_after")
    kontor.installation.ledger.give_up(lost, "given up", datetime.now(UTC))
    await kontor.installation.connectors.send(CHANNEL, "refund", good.effect.arguments, good.key)
    by_hand = kontor.order(ORDER, 70, f"returns/{CHANNEL}/70")
    await kontor.installation.connectors.send(CHANNEL, "refund", by_hand.effect.arguments, "by-hand")

    tally = await kontor.reconcile(pages_per_run=1)

    assert (tally.entries, tally.healed, tally.opened) == (4, 1, 2)
    assert kontor.state(lost) is EffectState.APPLIED
    await kontor.until(lambda: len(kontor.cases(CaseStatus.WAITING)) == 2)
    lines = kontor.installation.reconciliation.status().backlog
    backlog = {line.kind: (line.with_people, line.at_stake_cents) for line in lines}
    assert backlog == {DivergenceKind.DUPLICATE: (1, 100), DivergenceKind.MISSING_HERE: (1, 70)}

    for case in kontor.cases(CaseStatus.WAITING):
        await kontor.answer(case, "approve")

    assert kontor.installation.reconciliation.status().open == 0
    assert len(kontor.cases(CaseStatus.SETTLED)) == 2
    refunded = await kontor.installation.connectors.read(CHANNEL, "get_order", {"order": ORDER})
    assert refunded["order"]["refunded_cents"] == 100 + 200 + 70  # type: ignore[call-overload,index]  # an object
    again = await kontor.reconcile(connectors=())
    assert (again.entries, again.healed, again.found, again.opened) == (0, 0, 0, 0)


async def test_a_rejected_fix_is_not_done_and_closes_the_divergence(kontor: Office) -> None:
    order = kontor.order(ORDER, 100, f"returns/{CHANNEL}/100")
    await kontor.pay(order)
    await kontor.installation.connectors.send(CHANNEL, "refund", order.effect.arguments, order.key)
    await kontor.reconcile()
    await kontor.until(lambda: len(kontor.cases(CaseStatus.WAITING)) == 1)
    await kontor.answer(kontor.cases(CaseStatus.WAITING)[0], "reject")
    assert kontor.installation.reconciliation.status().open == 0
    refunded = await kontor.installation.connectors.read(CHANNEL, "get_order", {"order": ORDER})
    assert refunded["order"]["refunded_cents"] == 200  # type: ignore[call-overload,index]  # an object
    [case] = kontor.cases(CaseStatus.REJECTED)
    episodes = kontor.installation.episodes.of_case(case, told_only=True)
    assert episodes[-1].data["outcome"] == "left as it is by ben"


async def test_a_case_ends_by_itself_when_what_was_missed_is_listed_after_all(kontor: Office) -> None:
    order = kontor.order(ORDER, 100, f"returns/{CHANNEL}/100")
    await kontor.pay(order)
    kontor.hide(hidden=True)
    assert (await kontor.reconcile()).opened == 1
    await kontor.until(lambda: len(kontor.cases(CaseStatus.WAITING)) == 1)
    kontor.hide(hidden=False)
    await kontor.reconcile()
    await kontor.until(lambda: len(kontor.cases(CaseStatus.WITHDRAWN)) == 1)
    assert kontor.installation.reconciliation.status().open == 0


async def test_a_system_that_is_down_is_left_for_the_next_run(kontor: Office) -> None:
    await kontor.pay(kontor.order(ORDER, 100, f"returns/{CHANNEL}/100"))
    await kontor.strike("list_refunds", "error_before", times=6)
    tally = await kontor.reconcile()
    assert (tally.entries, tally.unreachable) == (0, (CHANNEL,))
    tally = await kontor.reconcile()
    assert (tally.entries, tally.unreachable) == (1, ())


async def test_a_divergence_whose_history_grows_long_goes_over_into_another_run_and_is_mended_once(
    kontor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVENTS", 40)
    order = kontor.order(ORDER, 100, f"returns/{CHANNEL}/100")
    await kontor.pay(order)
    await kontor.installation.connectors.send(CHANNEL, "refund", order.effect.arguments, order.key)
    await kontor.reconcile()
    await kontor.until(lambda: len(kontor.cases(CaseStatus.WAITING)) == 1)
    [case] = kontor.cases(CaseStatus.WAITING)
    handle = kontor.client.get_workflow_handle(case)
    first_run = (await handle.describe()).run_id

    for _ in range(10):
        await handle.execute_update(
            "decide", Answer(person="mallory", choice="approve"), result_type=AnswerReply
        )
    async with asyncio.timeout(20):
        while (await handle.describe()).run_id == first_run:  # noqa: ASYNC110 (the server goes over)
            await asyncio.sleep(0.05)
    await kontor.answer(case, "approve")

    assert kontor.installation.reconciliation.status().open == 0
    assert len(kontor.installation.approvals.of_case(case)) == 1
    refunded = await kontor.installation.connectors.read(CHANNEL, "get_order", {"order": ORDER})
    assert refunded["order"]["refunded_cents"] == 100  # type: ignore[call-overload,index]  # an object
    kinds = [episode.kind for episode in kontor.installation.episodes.of_case(case)]
    assert (kinds.count("opened"), kinds.count("closed")) == (1, 1)

"""Whatever is thrown at the gate, in whatever order, the books hold.

The machine below plays everybody at once: people who answer, edit and delegate, a workflow that
asks, is reset, crashes between a commit and its acknowledgement, and one that misbehaves and tries
to act on anything. Every step goes through the real data plane: policy, books, permits, ledger.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import event as observe
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event
from sqlmodel import col, select

from contracts.approvals.messages import ApprovalClosing, ApprovalDraft
from contracts.approvals.request import Answer, AnswerStatus, Approval, ApprovalOutcome
from contracts.approvals.rules import narrowed
from contracts.approvals.token import TokenRefused
from contracts.authorization import Approved
from contracts.base import content_hash
from contracts.failure import PermitRefused
from memory.database import migrate, open_engine, reading
from memory.tables.ledger import EffectRow, PermitRow
from tests.workflows.kernel.approvals.data_plane import NOW, Clock, DataPlane, question

EXAMPLES = int(os.environ.get("KONTOR_GATE_EXAMPLES", "15"))
STEPS = 25
GO_AHEAD = (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)

LIMITS = {"anna": 100_000_000, "ben": 500_000, "emil": 500_000, "chris": 30_000, "dana": 50_000}
ROLES = {"anna": "owner", "ben": "lead", "emil": "lead", "chris": "clerk", "dana": "clerk"}
"""The example office's staff, said again: what the test compares the data plane's answers with."""

people = st.sampled_from(["anna", "ben", "emil", "anna", "ben", "chris", "dana", "mallory"])
amounts = st.sampled_from([0, 1, 4_000, 15_000, 20_000, 40_000, 60_000])
questions = st.fixed_dictionaries(
    {
        "amount_cents": st.sampled_from([20_000, 40_000, 120_000]),
        "needed": st.sampled_from([1, 2]),
        "asked_by": st.sampled_from(["customer", "ben", "chris"]),
        "roles": st.sampled_from([("clerk", "lead", "owner"), ("lead", "owner")]),
    }
)


class Gate(RuleBasedStateMachine):
    """One case, its requests, and everybody who can touch them."""

    house: DataPlane
    clock: Clock
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.case_id = f"returns/webshop/{uuid.uuid4().hex[:12]}"
        self.asked: dict[str, ApprovalDraft] = {}
        self.ends: dict[str, Approval] = {}
        self.tokens: list[tuple[str, str, str]] = []
        self.now: ApprovalDraft | None = None
        self.request_id = ""
        self.round = 0
        self.clicks = 0
        self.clock.now = NOW

    # -- the workflow ---------------------------------------------------------------------------

    @initialize(draft=questions, crashes=st.booleans())
    def begin(self, draft: dict[str, Any], crashes: bool) -> None:
        self.ask(draft, crashes)

    @rule(draft=questions, crashes=st.booleans())
    def ask_anew(self, draft: dict[str, Any], crashes: bool) -> None:
        self.ask(draft, crashes)

    def ask(self, draft: dict[str, Any], crashes: bool) -> None:
        """Ask, or ask anew because the facts have changed."""
        if self.now is not None:
            self.end(ApprovalOutcome.WITHDRAWN, crashes)
        self.round += 1
        self.now = question(case_id=self.case_id, round_number=self.round, **draft)
        self.open(crashes)

    @precondition(lambda self: self.now is not None)
    @rule()
    def reset(self) -> None:
        """The workflow runs again from its beginning and asks the same."""
        before = self.request_id
        self.open(crashes=False)
        assert self.request_id == before

    @precondition(lambda self: self.now is not None)
    @rule(crashes=st.booleans())
    def facts_change(self, crashes: bool) -> None:
        self.end(ApprovalOutcome.WITHDRAWN, crashes)

    @rule(hours=st.sampled_from([0.1, 0.5, 1, 5, 30, 24 * 8]))
    def time_passes(self, hours: float) -> None:
        """The deadline's timer fires as soon as it may."""
        self.clock.forward(hours=hours)
        found = self.house.approvals.find(self.request_id)
        if found is not None and found.approval is None and self.clock.now >= found.request.deadline:
            self.end(ApprovalOutcome.EXPIRED, crashes=False)

    @precondition(lambda self: self.now is not None)
    @rule(crashes=st.booleans())
    def act(self, crashes: bool) -> None:
        """Do what was agreed to, exactly as a desk does."""
        for _ in range(1 + crashes):
            found = self.house.approvals.find(self.request_id)
            assert found is not None
            approved = Approved(request_id=self.request_id, case_id=self.case_id)
            leave = self.loop.run_until_complete(self.house.judging.authorize_approved(approved))
            if leave.outcome != "allow":
                assert leave.permits == {}
                continue
            for effect in (leave.plan or found.request.plan).effects:
                try:
                    self.house.begin(effect, leave.permits[effect.step], self.case_id)
                except PermitRefused:
                    if len(self.asked) == 1:
                        raise  # only another round of this case may have taken the key before

    def open(self, crashes: bool) -> None:
        assert self.now is not None
        for _ in range(1 + crashes):
            opened = self.loop.run_until_complete(self.house.draft.open(self.now))
        self.request_id = opened.request.id
        self.asked.setdefault(self.request_id, self.now)

    def end(self, outcome: ApprovalOutcome, crashes: bool) -> None:
        ending = ApprovalClosing(request_id=self.request_id, outcome=outcome, why="a test")
        for _ in range(1 + crashes):
            self.loop.run_until_complete(self.house.draft.end(ending))

    # -- people ---------------------------------------------------------------------------------

    @precondition(lambda self: self.now is not None)
    @rule(
        said=st.one_of(
            st.builds(Answer, person=people, choice=st.sampled_from(["approve", "reject"])),
            st.builds(Answer, person=people, choice=st.just("approve")),
            st.builds(Answer, person=people, choice=st.just("edit"), amount_cents=amounts),
            st.builds(Answer, person=people, choice=st.just("delegate"), delegate_to=people),
        ),
        sees=st.sampled_from(["now", "now", "now", "nothing", "nothing", "other"]),
        crashes=st.booleans(),
        link=st.sampled_from([False, False, False, True]),
        acts=st.sampled_from([True, True, False]),
    )
    def answer(self, said: Answer, sees: str, crashes: bool, link: bool, acts: bool) -> None:
        found = self.house.approvals.find(self.request_id)
        assert found is not None
        seen = {"now": found.request.arguments_hash, "nothing": "", "other": "0" * 64}[sees]
        token = self.token_of(said.person) if link else None
        answer = said.model_copy(update={"arguments_hash": seen, "token": token})
        self.clicks += 1
        replies = [self.loop.run_until_complete(self.say(answer)) for _ in range(1 + crashes)]
        assert len(set(replies)) == 1, "a retried answer is the same answer"
        standing = replies[0][0]
        if sees == "other" or said.person == "mallory":
            assert standing in (AnswerStatus.FOREIGN, AnswerStatus.MALFORMED)
        if found.approval is not None or self.clock.now >= found.request.deadline:
            assert standing not in (AnswerStatus.VALID, AnswerStatus.DELEGATED)
        if acts:
            self.act(crashes)

    @precondition(lambda self: self.now is not None)
    @rule(person=people)
    def link(self, person: str) -> None:
        """Somebody is sent a signed link."""
        found = self.house.approvals.find(self.request_id)
        if found is not None and found.approval is None:
            made = self.house.tokens.make(person, self.request_id, self.clock.now, timedelta(hours=6))
            self.tokens.append((person, self.request_id, made))

    @precondition(lambda self: self.tokens)
    @rule()
    def scan_links(self) -> None:
        """A mail scanner opens every link there is: nothing happens."""
        before = self.house.told(self.case_id)
        for _, _, token in self.tokens:
            try:
                self.house.tokens.inspect(token, self.clock.now)
            except TokenRefused:
                continue
        assert self.house.told(self.case_id) == before

    def token_of(self, person: str) -> str | None:
        """The person's last link, else anybody's, else a forged one."""
        own = [token for whose, _, token in self.tokens if whose == person]
        return (own or [token for _, _, token in self.tokens] or ["kontor1.e30.AAAA"])[-1]

    async def say(self, answer: Answer) -> tuple[AnswerStatus, str]:
        reply = await self.house.say(self.request_id, answer, self.clicks, self.case_id)
        return reply.standing, reply.why

    # -- a workflow that misbehaves -------------------------------------------------------------

    @precondition(lambda self: self.asked)
    @rule(cents=amounts.filter(bool), data=st.data())
    def act_on_anything(self, cents: int, data: st.DataObject) -> None:
        """Try every permit there is on other arguments than it is for."""
        with reading(self.house.engine) as session:
            query = select(PermitRow).where(col(PermitRow.case_id) == self.case_id)
            permits = list(session.exec(query))
        names = [permit.id for permit in permits] + ["permit-of-nobody"]
        permit_id = data.draw(st.sampled_from(names))
        other = question(cents, case_id=self.case_id).plan.effects[0]
        fits = any(one.id == permit_id and one.arguments_hash == other.arguments_hash for one in permits)
        if not fits:
            with pytest.raises(PermitRefused):
                self.house.begin(other, permit_id, self.case_id)

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def an_end_never_changes(self) -> None:
        for request_id in self.asked:
            found = self.house.approvals.find(request_id)
            assert found is not None
            if request_id in self.ends:
                assert found.approval == self.ends[request_id]
            elif found.approval is not None:
                self.ends[request_id] = found.approval
        closed = [one.data["request"] for one in self.house.told(self.case_id, "approval_closed")]
        assert sorted(map(str, closed)) == sorted(self.ends)

    @invariant()
    def every_effect_has_exactly_the_permit_that_covers_it(self) -> None:
        with reading(self.house.engine) as session:
            rows = list(session.exec(select(EffectRow).where(col(EffectRow.case_id) == self.case_id)))
            permits = {row.permit_id: session.get(PermitRow, row.permit_id) for row in rows}
        assert len({row.step for row in rows}) == len(rows)
        for row in rows:
            permit = permits[row.permit_id]
            assert permit is not None
            assert permit.redeemed_by == row.key
            self.assert_covered(row, permit.basis)

    def assert_covered(self, row: EffectRow, request_id: str) -> None:
        """The effect is one of the agreed plan, and enough of the right people agreed to it."""
        draft, end = self.asked[request_id], self.ends[request_id]
        assert end.outcome in GO_AHEAD
        agreed = end.amount_cents or 0
        plan = draft.plan if end.outcome == ApprovalOutcome.APPROVED else narrowed(draft.plan, agreed)
        assert content_hash(row.arguments) in {effect.arguments_hash for effect in plan.effects}
        assert agreed <= draft.plan.effects[0].amount_cents
        assert row.amount_cents in (0, agreed)
        found = self.house.approvals.find(request_id)
        assert found is not None
        rights = {kept.on_behalf_of for kept in found.counted}
        voices = {kept.answer.person for kept in found.counted}
        assert min(len(rights), len(voices)) >= draft.needed
        for right in rights:
            assert right != draft.asked_by
            assert ROLES[right] in draft.roles
            assert LIMITS[right] >= draft.plan.effects[0].amount_cents
        assert draft.asked_by not in voices

    def teardown(self) -> None:
        """Never stuck: after the longest deadline every request has its end."""
        self.time_passes(24 * 30)
        for request_id in self.asked:
            found = self.house.approvals.find(request_id)
            assert found is not None
            assert found.approval is not None
            observe(f"a request ended {found.approval.outcome}")
        if self.house.begun(self.case_id):
            observe("an effect was begun")
        super().teardown()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[Gate]]:
    """The machine on one real database; each example is a case of its own in it."""
    engine = open_engine(f"sqlite:///{tmp_path / 'kontor.db'}")
    event.listen(engine, "connect", _no_fsync)
    migrate(engine)
    clock, loop = Clock(), asyncio.new_event_loop()
    house = DataPlane(engine, tmp_path, clock)
    yield type("HousedGate", (Gate,), {"house": house, "clock": clock, "loop": loop})
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    engine.dispose()


def _no_fsync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # no power cut is tested here


def test_no_sequence_of_events_breaks_the_books(machine: type[Gate]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

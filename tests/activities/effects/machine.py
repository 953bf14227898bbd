"""The machine that plays arbitrary interleavings, and what must hold after each of its steps."""

import asyncio
import uuid
from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from temporalio.exceptions import ApplicationError

from contracts.effect import EffectState, ProposedEffect
from contracts.failure import CallFailed
from contracts.ids import effect_key
from memory.tables.ledger import EffectRow, PermitRow
from tests.activities.effects.actors import (
    HANGING,
    KINDS,
    Effect,
    Hanging,
    Inline,
    Killed,
    LiveTill,
    MortalLedger,
    Steps,
)
from tests.activities.effects.fake_channel import (
    REFUSED_AT_THE_DOOR,
    SETTLE_SECONDS,
    TIMEOUT_SECONDS,
    Clock,
    Kind,
    Made,
)
from tests.activities.effects.ledger_helpers import Door, refund

MOST_EFFECTS = 4
REFUSALS = st.sampled_from(REFUSED_AT_THE_DOOR)
FATES = st.one_of(
    st.sampled_from(["ok", 429, 500, 502, "cut-before", "cut-after", "hang-before", "hang-after"]),
    REFUSALS,
    st.floats(min_value=0.5, max_value=SETTLE_SECONDS),
)
REST = (EffectState.APPLIED, EffectState.FAILED, EffectState.COMPENSATED)


class Interleavings(RuleBasedStateMachine):
    """The machine; `engine` is set by the test, one database for all examples."""

    engine: Engine
    count = 0
    effects = Bundle("effects")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.step = Steps()
        self.pause_seconds = 0.0
        self.till = LiveTill(self.clock, self.step)
        # Examples share a database: no outside reference may occur in two of them.
        self.example = uuid.uuid4().hex[:8]
        self.till.prefix = f"{self.example}-"
        self.door = Door(self.engine, self.till, self.clock)
        self.door.activities = self.door.open(MortalLedger(self.engine, self.step, self.pause))
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(Inline())
        self.all: list[Effect] = []
        self.redeemed: dict[str, tuple[str, object]] = {}

    # -- what happens ----------------------------------------------------------------------------

    @precondition(lambda self: len(self.all) < MOST_EFFECTS)
    @rule(target=effects, kind=st.sampled_from(KINDS), cents=st.sampled_from([1000, 1000, 2000]))
    def propose(self, kind: Kind, cents: int) -> Effect:
        """A case wants a refund; policy allows it. Several are alike."""
        type(self).count += 1
        case_id = f"returns/{kind}/RMA-{self.count}"
        proposed = refund(cents, order=f"W-{self.example}", connector=kind)
        effect = Effect(case_id, self.door.order(proposed, case_id=case_id))
        self.all.append(effect)
        return effect

    @rule(effect=effects, how=st.sampled_from(["edit", "carry", "policy"]))
    def meddle(self, effect: Effect, how: str) -> None:
        """An edit, a permit carried elsewhere, or new policies; what was not begun is asked again."""
        match how:
            case "edit":
                self.edit(effect)
            case "carry":
                self.carry_the_permit_elsewhere(effect)
            case _:
                self.door.policy_version += "+"

    def edit(self, effect: Effect) -> None:
        """A person lowers the amount; if the effect was begun, the door refuses the edit."""
        old = effect.order
        if old.compensates is not None:
            return
        lower = old.effect.amount_cents - 100
        proposed = refund(lower, order=str(old.effect.arguments["order"]), connector=old.effect.connector)
        permit = self.door.permit(proposed, case_id=effect.case_id, basis=f"edit-{lower}")
        edited = self.door.order(proposed, permit, case_id=effect.case_id)
        if self.door.ledger.find(old.key) is None:
            effect.order = edited
            return
        with pytest.raises(ApplicationError) as caught:
            self.run(self.door.environment(edited).run(self.door.activities.perform, edited))
        assert caught.value.details[0] == "arguments"

    def carry_the_permit_elsewhere(self, effect: Effect) -> None:
        """A workflow bug uses a permit for another effect; the door refuses it."""
        step = f"{effect.order.effect.step}-elsewhere"
        other = effect.order.model_copy(
            update={
                "key": effect_key(effect.case_id, step),
                "effect": effect.order.effect.model_copy(update={"step": step}),
            }
        )
        with pytest.raises(ApplicationError) as caught:
            self.run(self.door.environment(other).run(self.door.activities.perform, other))
        assert caught.value.details[0] in ("key", "redeemed", "policy-version", "expired")

    @rule(effect=effects, fate=FATES)
    def attempt(self, effect: Effect, fate: str | int | float) -> None:
        """Temporal makes an attempt, perhaps while an earlier one still runs somewhere."""
        self.play_attempt(effect, fate)

    @rule(effect=effects, lost=st.sampled_from(["cut-before", "cut-after"]), refused=REFUSALS)
    def attempt_again_and_be_refused(self, effect: Effect, lost: str, refused: int) -> None:
        """An answer is lost, and the next call is refused: rare by chance, daily when a token is rotated."""
        self.play_attempt(effect, lost)
        self.play_attempt(effect, refused)

    @rule(effect=effects, fate=FATES, dies_at=st.none() | st.integers(0, 9), held_up=st.booleans())
    def attempt_of_a_dying_worker(
        self, effect: Effect, fate: str | int | float, dies_at: int | None, held_up: bool
    ) -> None:
        """The same, by a worker that dies at one of its steps, or is held up after a commit."""
        self.play_attempt(effect, fate, dies_at, 12.0 if held_up else 0.0)

    def play_attempt(
        self,
        effect: Effect,
        fate: str | int | float,
        dies_at: int | None = None,
        held_up_seconds: float = 0.0,
    ) -> None:
        """Run the shipped activity until it ends or waits for an answer."""
        self.till.fate, self.till.attempting = fate, effect
        self.step.left, self.pause_seconds = dies_at, held_up_seconds
        environment = self.door.environment(effect.order)
        task = self.loop.create_task(environment.run(self.door.activities.perform, effect.order))
        effect.running.add(task)
        self.pump()
        self.step.left, self.pause_seconds, self.till.fate = None, 0.0, "ok"
        self.reap(effect)

    @rule(data=st.data(), fate=FATES)
    def answer(self, data: st.DataObject, fate: str | int | float) -> None:
        """An answer comes at last, or the connection breaks."""
        while self.till.looking:
            self.till.looking.pop().set_result(None)
        if self.till.hanging and fate not in HANGING:
            call = self.till.hanging.pop(data.draw(st.integers(0, len(self.till.hanging) - 1)))
            try:
                call.answer.set_result(call.made or self.reach(call, fate))
            except CallFailed as failed:
                call.answer.set_exception(failed)
        self.pump()
        for effect in self.all:
            self.reap(effect)

    def reach(self, call: Hanging, fate: str | int | float) -> Made:
        """What a call comes to that reaches the till only now."""
        effect = call.effect.order.effect
        return self.till.answer(effect.connector, effect.operation, call.arguments, call.key, fate)

    @rule(data=st.data(), commits=st.booleans(), after=st.floats(0.0, SETTLE_SECONDS))
    def kill_a_waiting_worker(self, data: st.DataObject, commits: bool, after: float) -> None:
        """A worker dies while its call is out; the till may still do what it had read."""
        if not self.till.hanging:
            return
        call = self.till.hanging.pop(data.draw(st.integers(0, len(self.till.hanging) - 1)))
        self.leave(call, Killed(), commits, after)

    @rule(seconds=st.sampled_from([1.0, 15.0, 30.0, 70.0]), commits=st.booleans())
    def time_passes(self, seconds: float, commits: bool) -> None:
        """Calls that hang for too long are given up by our side; the till may still do them."""
        self.pass_seconds(seconds, commits)

    @rule(effect=effects)
    def give_up(self, effect: Effect) -> None:
        """Temporal has tried for as long as its options allow."""
        self.run(self.door.environment(effect.order).run(self.door.activities.give_up, effect.order))
        effect.begun = True

    @rule(target=effects, effect=effects)
    def undo(self, effect: Effect) -> Effect:
        """A person wants it undone; an undo is an effect too, with all that may happen to one."""
        receipt = self.door.ledger.find(effect.order.key)
        if receipt is None or receipt.state is not EffectState.APPLIED or effect.order.compensates:
            return effect
        proposed = ProposedEffect(
            step="undo-refund",
            connector=effect.order.effect.connector,
            operation="void_refund",
            arguments={"refund": receipt.outside_reference},
            amount_cents=effect.order.effect.amount_cents,
            currency="EUR",
        )
        known = [other for other in self.all if other.order.key == effect_key(effect.case_id, "undo-refund")]
        if known:
            return known[0]
        order = self.door.order(proposed, case_id=effect.case_id, compensates=effect.order.key)
        undoing = Effect(effect.case_id, order)
        self.all.append(undoing)
        return undoing

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def nothing_happened_twice_and_nothing_is_unaccounted_for(self) -> None:
        self.till.settle()
        made = Counter(group_of_made(each) for each in self.till.made)
        rows = self.rows()
        begun = Counter(group_of_row(row) for row in rows)
        failed = Counter(group_of_row(row) for row in rows if row.state == EffectState.FAILED)
        for group, times in made.items():
            assert times <= begun[group] - failed[group], f"{group}: {times} times outside"

    @invariant()
    def no_two_effects_account_for_one_reference(self) -> None:
        held = Counter(row.outside_reference for row in self.rows() if row.outside_reference)
        assert all(times == 1 for times in held.values()), held
        assert set(held) <= {made.reference for made in self.till.made}

    @invariant()
    def a_permit_is_redeemed_once(self) -> None:
        with Session(self.engine) as session:
            cases = [effect.case_id for effect in self.all]
            query = select(PermitRow).where(
                col(PermitRow.case_id).in_(cases), col(PermitRow.redeemed_by).is_not(None)
            )
            for permit in session.exec(query):
                now = (str(permit.redeemed_by), permit.redeemed_at)
                assert self.redeemed.setdefault(permit.id, now) == now
        for row in self.rows():
            assert row.permit_id is None or self.redeemed.get(row.permit_id, ("",))[0] == row.key

    def teardown(self) -> None:
        """Let every effect come to its end without further faults, and count."""
        try:
            for looking in self.till.looking:
                looking.set_result(None)
            self.pass_seconds(TIMEOUT_SECONDS, commits=False)
            for effect in self.all:
                self.reap(effect)
            for effect in self.all:
                self.end(effect)
            self.pass_seconds(10 * SETTLE_SECONDS, commits=False)
            self.count_once()
        finally:
            self.loop.close()

    def end(self, effect: Effect) -> None:
        """Pursue one effect until it rests."""
        if self.door.ledger.find(effect.order.key) is None:
            self.allow_again(effect)
        self.run(self.door.pursue(effect.order))

    def count_once(self) -> None:
        """What our books say stands outside is what stands outside."""
        made = Counter(group_of_made(each) for each in self.till.made)
        rows = self.rows()
        for row in rows:
            unknown = row.state == EffectState.UNKNOWN and row.connector == "none"
            assert unknown or row.state in REST, f"{row.key} is still {row.state}"
        stands = (EffectState.APPLIED, EffectState.COMPENSATED)
        ours = Counter(group_of_row(row) for row in rows if row.state in stands)
        open_ends = Counter(group_of_row(row) for row in rows if row.state == EffectState.UNKNOWN)
        for group in {*made, *ours}:
            assert ours[group] <= made[group] <= ours[group] + open_ends[group], group
        undone = {row.compensates for row in rows if row.compensates and row.state == EffectState.APPLIED}
        assert undone == {row.key for row in rows if row.state == EffectState.COMPENSATED}

    # -- how it is played ----------------------------------------------------------------------------

    def allow_again(self, effect: Effect) -> None:
        """Policy is asked again where the policies moved."""
        permit = self.door.permit(
            effect.order.effect, case_id=effect.case_id, basis=f"again-{self.door.policy_version}"
        )
        effect.order = effect.order.model_copy(update={"permit_id": permit.id})

    def pause(self) -> None:
        """The worker is held up; time passes for everybody."""
        seconds, self.pause_seconds = self.pause_seconds, 0.0
        self.clock.pass_seconds(seconds)

    def pass_seconds(self, seconds: float, commits: bool) -> None:
        """Let time pass, giving up each hanging call at its own moment."""
        until = self.clock.stopwatch() + seconds
        for call in sorted(self.till.hanging, key=lambda hanging: hanging.since):
            gives_up = max(call.since + TIMEOUT_SECONDS, self.clock.stopwatch())
            if gives_up <= until:
                self.clock.pass_seconds(gives_up - self.clock.stopwatch())
                self.till.hanging.remove(call)
                self.leave(call, CallFailed("no answer", exception="ReadTimeout"), commits, SETTLE_SECONDS)
        self.clock.pass_seconds(max(0.0, until - self.clock.stopwatch()))
        self.till.settle()

    def leave(self, call: Hanging, why: BaseException, commits: bool, after: float) -> None:
        """End a hanging call on our side; perhaps not on theirs."""
        if commits and call.made is None:
            effect = call.effect.order.effect
            self.till.commit_later(effect.connector, effect.operation, call.arguments, call.key, after)
        call.answer.set_exception(why)
        self.pump()
        self.reap(call.effect)

    def pump(self) -> None:
        """Run what can run until everything waits."""

        async def turn() -> None:
            for _ in range(40):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def reap(self, effect: Effect) -> None:
        """Look at finished attempts: dead workers and Temporal's retries are fine, surprises are not."""
        for task in [each for each in effect.running if each.done()]:
            effect.running.discard(task)
            failed = task.exception()
            if failed is None or isinstance(failed, Killed):
                continue
            assert isinstance(failed, ApplicationError), repr(failed)
            if failed.type == "PermitRefused":
                assert failed.details[0] in ("policy-version", "expired", "compensates"), failed
                self.allow_again(effect)

    def rows(self) -> list[EffectRow]:
        """The ledger's rows of this example."""
        cases = [effect.case_id for effect in self.all]
        with Session(self.engine) as session:
            return list(session.exec(select(EffectRow).where(col(EffectRow.case_id).in_(cases))))


def group_of_made(made: Made) -> tuple[object, ...]:
    """What a listing can tell of one thing that happened."""
    told = (made.arguments.get("order"), made.arguments.get("amount_cents"), made.arguments.get("refund"))
    return (made.connector, made.operation, *told)


def group_of_row(row: EffectRow) -> tuple[object, ...]:
    """The same of one row."""
    told = (row.arguments.get("order"), row.arguments.get("amount_cents"), row.arguments.get("refund"))
    return (row.connector, row.operation, *told)

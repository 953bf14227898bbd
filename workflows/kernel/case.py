"""The generic story of a case: the steps that every desk's work is made of.

A desk makes a `CaseRun` in `@workflow.init` and calls its steps from `run`, in the order that its own
story needs. Each step may be called alone; none knows what kind of work it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import NoReturn

from pydantic import JsonValue
from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.policy import PolicyActivities
    from activities.shares import ShareActivities
    from contracts.approvals.messages import ApprovalDraft, GateCarry, Withdrawal
    from contracts.approvals.request import Approval
    from contracts.authorization import Alternatives, Approved, Authorization, Plan
    from contracts.bounds import LONGEST_PLAN_BYTES
    from contracts.carry import CaseCarry, UndoCarry, WaitsIn
    from contracts.case import CaseStatus
    from contracts.decision import Decision, Inquiry
    from contracts.memory import Context
    from contracts.shares import Accounts, Books
    from contracts.undo import UndoReport
    from workflows.kernel.approval_gate import ApprovalGate, Recheck
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.case_memory import recall
    from workflows.kernel.case_memory import remember as leave
    from workflows.kernel.decisions import decide
    from workflows.kernel.effects import EffectRefused, Effects, Stopped, leading
    from workflows.kernel.ends import LONGEST_WHY_CHARS, NOT_GRANTED, UNREADABLE, End, handled
    from workflows.kernel.looks import stands
    from workflows.kernel.outside_reads import AGAIN, OutsideReads
    from workflows.kernel.pauses import Pauses, Rest
    from workflows.kernel.placement import Given, Result, Step, Unread
    from workflows.kernel.telling import told
    from workflows.kernel.undo import Undoing

LOOK_AGAIN = timedelta(hours=2)
"""How often the facts are read again while people think; the signal `facts_changed` does it at once."""


class CaseRun:
    """The case of the running workflow. Make it in `@workflow.init`, so that no early answer is lost.

    Attributes:
        file: what the case writes about itself.
        gate: asks people.
        pauses: between verdicts that did not hold where they were to be used.
        waits_in: the part of the story in which the case waits, or waited last.
    """

    def __init__(
        self,
        file: CaseFile,
        carried: CaseCarry | None = None,
        continue_as_new: Callable[[CaseCarry], NoReturn] | None = None,
    ) -> None:
        """Open the gate of the case whose file it is.

        Args:
            file: the case's file.
            carried: what the run before this one handed over.
            continue_as_new: called while people think, when the history has grown long; it must not
                return. Without it, the case waits in one run.
        """
        self.file = file
        self.gate = ApprovalGate(
            file,
            carried=carried.gate if carried else None,
            continue_as_new=self._go_on if continue_as_new else None,
        )
        self.pauses = Pauses(carried.tries if carried else 0)
        self.waits_in = carried.waits_in if carried else WaitsIn.PLAN
        self._continue_as_new = continue_as_new
        self._undone = carried.undo if carried else UndoCarry()
        self._undoing: Undoing | None = None
        self._outside = OutsideReads(file, self.gate, carried.unread if carried else 0)

    def _go_on(self, gate: GateCarry) -> NoReturn:
        """Let another run go on with the case."""
        assert self._continue_as_new is not None
        self._continue_as_new(
            CaseCarry(
                file=self.file.carry(),
                gate=gate,
                waits_in=self.waits_in,
                tries=self.pauses.tries,
                unread=self._outside.questions,
                undo=self._undoing.carry() if self._undoing else self._undone,
            )
        )

    async def open(self, summary: str, **data: JsonValue) -> None:
        """Put the case on the office's list.

        Args:
            summary: the case in a line, without personal data.
            data: what the log shall say of the opening.
        """
        self.file.summary = summary
        self.file.happened("opened", **data)
        await self.file.open()

    async def read(self, step: Step[Given, Result], given: Given, connector: str, what: str) -> Result:
        """Ask an outside system; what cannot be read is waited for, shown, and in time a person's.

        Args:
            step: the activity that asks; safe to repeat.
            given: its argument.
            connector: the system.
            what: the line for the Web UI.

        Raises:
            NoAnswer: people took the case, or nobody answered them.
            Unread: in a case that an earlier version began.
        """

        def read(within: timedelta) -> Awaitable[Result]:
            return self.file.placement.read(step, given, connector, what, within)

        return await self._outside.answer(read, connector, what)

    async def read_again(self, step: Step[Given, Result], given: Given, connector: str, what: str) -> Result:
        """Ask once more while people think: a system that says nothing now changes nothing.

        What comes back stays in the history for ever: let the activity compare it with what was known, by
        digest, and return it only where it differs.

        Raises:
            ActivityError: it gave no answer that can be used.
        """
        return await self.file.placement.read(step, given, connector, what, AGAIN)

    async def books(self, accounts: tuple[str, ...], *, own_too: bool = False) -> Books:
        """Ask our own books what other cases did for these accounts, and with `own_too` this one.

        What stands outside must be read after this, not before: so it shows all that the books hold for
        done, and what it shows besides is not ours.
        """
        wanted = Accounts(names=accounts, case_id=self.file.case_id, own_too=own_too)
        what = "our own books: what was done for this"
        return await self.file.placement.record(ShareActivities.books, wanted, what)

    async def recall(self, question: str, kinds: tuple[str, ...], token_budget: int) -> Context:
        """Ask memory what it knows; without memory, go on without."""
        return await recall(self.file, question, kinds, token_budget)

    async def decide(self, inquiry: Inquiry) -> list[Decision]:
        """Ask the router; every decision is kept with its provenance."""
        decisions = await decide(inquiry, placement=self.file.placement)
        for decision in decisions:
            self.file.decided(decision)
        return decisions

    def unless_begun(self, plan: Plan) -> Plan:
        """Return the plan, without effects if an earlier run of this case began some outside.

        The facts that a plan is made from show that run's own work: a plan made anew would refuse, or do
        once more, what is half done. A person brings it to its end.
        """
        begun = ", ".join(dict.fromkeys(self.file.placement.begun))
        return plan.left_to_a_person(f"an earlier run of this case began: {begun}") if begun else plan

    def unless_too_large(self, plan: Plan) -> Plan:
        """Return the plan, without effects if it is larger than the history can hold; a person does it."""
        long = len(plan.model_dump_json())
        too_large = f"the plan for it is too large ({long} bytes)"
        return plan.left_to_a_person(too_large) if long > LONGEST_PLAN_BYTES else plan

    async def authorize(self, plan: Plan) -> Authorization:
        """Ask policy for a verdict on every effect of the plan."""
        authorization = await self.file.placement.record(
            PolicyActivities.authorize, plan, f"policy: {plan.summary}"
        )
        self.file.judged(authorization)
        return authorization

    async def choose(self, plans: Sequence[Plan], fact: str, *, spoken: str = "") -> int:
        """Ask policy which of several plans for one wish it lets pass; return its place.

        Args:
            plans: the one that is best for the customer first; the last is taken if policy denies all.
            fact: the fact by which they differ.
            spoken: the fact of which a policy that permits one must speak; left out, that one.
        """
        among = Alternatives(plans=tuple(plan.in_outline() for plan in plans), fact=spoken or fact)
        chosen = await self.file.placement.record(PolicyActivities.choose, among, f"policy: which {fact}")
        word = plans[chosen.place].facts.get(fact)
        self.file.happened("chosen", fact=fact, word=word, policies=[*chosen.policies])
        return chosen.place

    async def ask(self, draft: ApprovalDraft) -> Approval:
        """Ask people, with the evidence, and wait as long as the office allows."""
        return await self.gate.ask(draft)

    async def wait_for_people(self, draft: ApprovalDraft | None, recheck: Recheck) -> Approval:
        """Ask people; facts that change meanwhile withdraw the question, or ask anew.

        Args:
            draft: the question; None for the one that an earlier run of the case has open.
            recheck: reads the facts again; `still_asked` says what follows.

        Raises:
            AskedTooOften: the facts changed so often that a person has to take the case.
        """
        every = LOOK_AGAIN if workflow.patched("looks-again-while-people-think") else None
        return await self.gate.ask(draft, recheck=recheck, recheck_every=every)

    async def still_asked(
        self,
        plan: Plan,
        authorize: Callable[[Plan], Awaitable[Authorization]],
        draft: Callable[[Plan, Authorization], ApprovalDraft],
    ) -> ApprovalDraft | Withdrawal | None:
        """Compare a plan made from today's facts with what people were asked.

        Args:
            plan: what would be proposed now.
            authorize: asks policy.
            draft: makes the question of it, in case it has to be asked anew.

        Returns:
            None if the question stands as it was asked.
        """
        asked = self.gate.asked().plan
        known = {name: value for name, value in plan.facts.items() if name in asked.facts}
        if not asked.effects or (plan.does_what(asked) and known == asked.facts):
            return None  # a fact that the version which asked did not know yet is no change
        authorization = await authorize(plan)
        if authorization.outdated:
            return None  # where the answer is used, it is judged by what our books say then
        if authorization.outcome == "deny":
            why = authorization.refused or authorization.forbidden_by
            return Withdrawal(why=f"the facts have changed: {why}")
        return None if plan.does_what(asked) else draft(authorization.covers(plan), authorization)

    async def authorize_approved(
        self,
        plan: Plan,
        approval: Approval,
        facts: dict[str, JsonValue] | None = None,
        versions: dict[str, int] | None = None,
    ) -> Authorization:
        """Turn an approval into permits: the data plane checks it against its books and today's facts.

        Args:
            plan: what people were asked; it is only named here, the books hold it.
            approval: their answer.
            facts: what is known better now than when they were asked.
            versions: of the plan's accounts when that was learned; None leaves the plan's own.
        """
        authorization = await self.file.placement.record(
            PolicyActivities.authorize_approved,
            Approved(
                request_id=approval.request_id,
                case_id=self.file.case_id,
                facts=facts or {},
                versions=versions,
            ),
            f"policy: {plan.summary}, {approval.outcome.value}",
        )
        self.file.judged(authorization)
        return authorization

    async def carry_out(
        self, plan: Plan, authorization: Authorization, *, first: Collection[str] = ()
    ) -> Stopped | None:
        """Do every effect of the plan: money and what it needs in order, then the rest at once.

        Args:
            plan: what is allowed.
            authorization: its permits.
            first: operations that are done in order, before the rest, as money always is.

        Returns:
            Where it stopped; None if all effects are applied.

        Raises:
            EffectRefused: a permit was refused; if it `asks_again`, `rest`, authorize, carry out again.
        """
        count = leading(plan.effects, first) if self.file.placement.known else len(plan.effects)
        effects = Effects(self.file.case_id, authorization.permits, self.file)
        return await effects.perform_all(plan.effects, count)

    async def rest(self, refused: EffectRefused) -> Rest:
        """Wait, longer each time, before a plan is judged again whose permit was refused.

        The policies or the connector moved between verdict and dispatch: an office is being changed, and
        two workers serve two of its versions. What was done stays done under its key.
        """
        return await self.pauses.rest(f"judged again: {refused.message}")

    def refused_too_often(self, refused: EffectRefused) -> str:
        """Say to a person why a case does not go on by itself, and what it did so far."""
        done = ", ".join(self.file.done) or "nothing"
        return f"{refused.message}; it was judged again {self.pauses.tries - 1} times; done so far: {done}"

    async def rest_outdated(self) -> Rest:
        """Wait before a plan is made anew that our own books overtook: another case was faster."""
        return await self.pauses.rest("another case booked on the same order")

    async def step_back(self, why: str) -> UndoReport:
        """Undo what this case has applied, the last first; what stays is on record and a person's.

        Args:
            why: what failed, for the log.
        """
        if not self._undone.why:
            self.file.happened("undoing", why=why)
        self.waits_in = WaitsIn.STEP_BACK
        so_far = self._undone.model_copy(update={"why": why})
        self._undoing = Undoing(
            self.file.case_id, because="failure", file=self.file, gate=self.gate, so_far=so_far
        )
        report = await self._undoing.undo()
        self.file.happened("undone", report=report.words(), complete=report.complete)
        self.file.amount_cents = 0 if report.complete else self.file.amount_cents
        return report

    async def hand_over(
        self, draft: ApprovalDraft | None, recheck: Recheck | None = None, *, in_one_run: bool = False
    ) -> End:
        """Give the case to a person, as `by_hand` does; return how it ends by that."""
        return handled(await self.by_hand(draft, recheck, in_one_run=in_one_run))

    async def by_hand(
        self, draft: ApprovalDraft | None, recheck: Recheck | None = None, *, in_one_run: bool = False
    ) -> Approval:
        """Give the case to a person where the desk has nothing to propose: approve means handled.

        A draft with questions may come back `clarified`: then the desk goes on.

        Args:
            draft: the question; None for the one that an earlier run of the case has open.
            recheck: reads the facts again; without it no change of theirs takes the case back.
            in_one_run: the story cannot be taken up here by another run.
        """
        self.waits_in = WaitsIn.BY_HAND if recheck else WaitsIn.UNSETTLED
        if draft is not None:
            self.file.summary = f"handle by hand: {draft.plan.summary}"
        if recheck:
            return await self.wait_for_people(draft, recheck)
        return await self.gate.ask(draft, recheck=stands, in_one_run=in_one_run)

    async def turn_down(self, approval: Approval, message: Callable[[str], Plan]) -> End:
        """Tell whoever asked that people did not let it pass.

        Args:
            approval: how people ended it.
            message: makes a plan whose effects tell them, of the name of the office's text for it.
        """
        await self.tell(message(approval.outcome.value))
        return NOT_GRANTED[approval.outcome], approval.outcome.value

    async def tell(self, message: Plan) -> None:
        """Tell whoever asked how it ended; like every effect, only with policy's leave."""
        if why := await told(self.file, message):
            self.file.happened("not_told", why=why)

    def stopped_by(self, error: BaseException) -> str:
        """Keep why the case cannot go on by itself, and return the word for it.

        Args:
            error: a step that failed for good: reading an outside system, or writing our own records.
        """
        cause = error.__cause__ or error
        why = cause.message if isinstance(cause, FailureError) else str(cause)
        word = UNREADABLE if isinstance(error, Unread) else "records_unwritable"
        self.file.happened("stopped", word=word, why=why[:LONGEST_WHY_CHARS])
        return word

    async def close(self, status: CaseStatus, outcome: str, *, remember: bool = True) -> None:
        """Write the end into the books, and its summary into memory.

        Args:
            status: how it ended.
            outcome: the word for it.
            remember: whether later cases may learn from this one.
        """
        await self.gate.finish()
        self.file.happened("closed", status=status.value, outcome=outcome)
        writing = [self.file.note(status, outcome)]
        if remember:
            writing.append(leave(self.file, status, outcome))
        await asyncio.gather(*writing)
        await self.gate.finish()
        self.file.details(f"### {status.value}: {outcome}\n{self.file.summary}")

"""The inbox desk: from a mail to whoever does what it asks for, and back into its thread."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft, draft_for
    from contracts.approvals.request import Approval
    from contracts.authorization import Authorization, Plan, why_denied
    from contracts.case import CaseStatus
    from contracts.decision import Inquiry, Question
    from contracts.evidence import Evidence
    from contracts.ids import effect_key
    from workflows.inbox.activities import InboxActivities
    from workflows.inbox.clock_watch import ClockWatch
    from workflows.inbox.handling import Handling
    from workflows.inbox.later_mail import LaterMail
    from workflows.inbox.plan import BEGIN, evidence_of, message_plan, plan_for
    from workflows.inbox.types import DESK, TOPIC, BegunCase, InboxRequest, InboxResult, Route, RouteQuery
    from workflows.kernel.case import CaseRun
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused
    from workflows.kernel.ends import handled
    from workflows.kernel.looks import stands
    from workflows.kernel.outside_reads import NoAnswer
    from workflows.kernel.pauses import Rest
    from workflows.kernel.telling import told

FIRST_LOOK, LONGEST_LOOK = timedelta(seconds=2), timedelta(hours=1)
"""How soon it is looked where the case stands that was begun; each time twice as long later."""
LONGEST_FOLLOW = timedelta(days=90)
"""A case that has not ended by then is followed no longer; a person has it."""
MOST_ANEW, MOST_SHOWN = 10, 20
"""How often people are asked anew because another mail came; how many of those that came they are shown."""
TOO_SHORT = 12
"""Characters of a text that says less than its subject."""


@workflow.defn(name="InboxWorkflow")
class InboxWorkflow:
    """One conversation by mail."""

    @workflow.init
    def __init__(self, request: InboxRequest) -> None:
        """Prepare what signal handlers need before `run` begins."""
        self.request = request
        self.file = CaseFile(DESK, request.channel, request.model_dump(mode="json"))
        self.file.customer = request.customer
        self.case = CaseRun(self.file)
        self.clock = ClockWatch(self.file)
        self.later = LaterMail(self.case, self.clock)
        self.people = Handling(self.case, self.clock, self.later, self.answer)
        self.answers = 0
        self.topic = ""
        self.begun = ""

    @workflow.run
    async def run(self, request: InboxRequest) -> InboxResult:
        """Tell the story of the conversation to its end."""
        try:
            return await self.story(request)
        except NoAnswer as none:
            return await self.close(*none.end)
        except (ActivityError, asyncio.CancelledError) as stopped:
            if is_cancelled_exception(stopped):
                await self.close(CaseStatus.WITHDRAWN, "cancelled")
                raise
            return await self.close(CaseStatus.FAILED, self.case.stopped_by(stopped))

    async def story(self, request: InboxRequest) -> InboxResult:
        """Understand it, find its way, acknowledge it, have it done, and answer once."""
        await self.case.open(f"mail {request.id}", channel=request.channel)
        self.topic = await self.understand(request)
        route = await self.route(request)
        self.clock.happened("terms", route.terms)
        self.clock.happened("asked")
        self.clock.start()
        await self.case.tell(message_plan(self.file.case_id, request, route, "acknowledged"))
        plan = self.case.unless_begun(plan_for(self.file.case_id, request, route))
        return await self.settle(plan, route)

    async def understand(self, request: InboxRequest) -> str:
        """Return the mail's topic; empty where nobody may say it, or is not sure."""
        text = (
            request.message if len(request.message) > TOO_SHORT else f"{request.subject}. {request.message}"
        )
        question = Question(task=TOPIC, text=text, case_id=self.file.case_id, desk=DESK)
        [decision] = await self.case.decide(
            Inquiry(case_id=self.file.case_id, step="topic", questions=(question,))
        )
        label = (decision.answer or {}).get("label", "") if decision.outcome == "answered" else ""
        return str(label)

    async def route(self, request: InboxRequest) -> Route:
        """Ask the office where mail of the topic goes."""
        route = await self.file.placement.record(
            InboxActivities.route,
            RouteQuery(topic=self.topic, sender=request.customer, text=request.message),
            "inbox.toml",
        )
        named = {"language": route.language} if route.language else {}
        self.file.happened(
            "routed", topic=route.topic, team=route.team, desk=route.desk, level=route.level, **named
        )
        return route

    async def settle(self, plan: Plan, route: Route) -> InboxResult:
        """Start the desk's case, if policy lets it; else a person has the mail."""
        approved: Authorization | None = None
        while plan.effects:
            authorization = approved or await self.case.authorize(plan)
            if authorization.outcome == "ask":
                approved = await self.ask(plan, authorization)
                if approved is None:
                    return await self.hand_over(plan, route, "nobody let it start by itself")
                continue
            if authorization.outcome == "deny":
                why = authorization.refused or why_denied(authorization.verdicts) or "no policy permits it"
                return await self.hand_over(plan, route, why)
            try:
                stopped = await self.case.carry_out(plan, authorization)
            except EffectRefused as refused:
                approved = None
                if refused.asks_again and await self.case.rest(refused) is Rest.TAKEN:
                    continue
                return await self.hand_over(plan, route, self.case.refused_too_often(refused))
            if stopped is not None:
                return await self.hand_over(plan, route, stopped.receipt.reason or stopped.word)
            return await self.follow(plan, route)
        return await self.hand_over(plan, route)

    async def ask(self, plan: Plan, authorization: Authorization) -> Authorization | None:
        """Ask people whether the desk's case may start; None if not."""
        draft = draft_for(
            plan, authorization, asked_by=self.request.customer, evidence=evidence_of(self.request)
        )
        approval = await self.case.gate.ask(draft, recheck=stands)
        return await self.case.authorize_approved(plan, approval) if approval.granted else None

    async def follow(self, plan: Plan, route: Route) -> InboxResult:
        """Wait until the case has ended that was begun, and answer once in the thread."""
        self.clock.happened("acted")
        standing = await self.ended()
        if standing is None:
            return await self.hand_over(plan, route, f"{self.begun or route.desk} has come to no end")
        await self.case.tell(
            message_plan(
                self.file.case_id,
                self.request,
                route,
                "ended",
                status=standing.status,
                outcome=standing.outcome,
            )
        )
        self.clock.happened("answered")
        if self.later.unread:
            return await self.hand_over(plan, route, f"they wrote again while {self.begun} was under way")
        return await self.close(CaseStatus.SETTLED, f"{route.desk}_{standing.status}")

    async def ended(self) -> BegunCase | None:
        """Look where the case stands that was begun; None if it does not end, or nobody waits any more."""
        key = effect_key(self.file.case_id, BEGIN)
        until = workflow.now() + LONGEST_FOLLOW
        pause = FIRST_LOOK
        while workflow.now() < until:
            standing = await self.file.placement.record(
                InboxActivities.standing, key, "where the case stands that it began"
            )
            if standing.case and not self.begun:
                self.begun = standing.case
                self.file.happened("linked", case=self.begun)
                await self.file.waits(f"for {self.begun}, which it began")
            if standing.ended:
                await self.file.waits("")
                return standing
            try:
                await workflow.wait_condition(lambda: self.case.gate.withdrawn, timeout=pause)
                break
            except TimeoutError:
                pause = min(2 * pause, LONGEST_LOOK)
        await self.file.waits("")
        return None

    async def hand_over(self, plan: Plan, route: Route, why: str = "") -> InboxResult:
        """Give the mail to the team of its topic: approve means that they answered it, and all that came."""
        self.file.summary, round_number = f"handle by hand: {plan.summary}", 1
        self.people.route = route
        while True:
            approval, read = await self.answered(plan, why, round_number)
            status, outcome = handled(approval)
            if status is CaseStatus.SETTLED:
                self.clock.happened("answered")
            if status is not CaseStatus.SETTLED or len(self.later.unread) <= read:
                return await self.close(status, outcome)
            why, round_number = "they wrote again when it was answered", self.case.gate.rounds + 1

    def question(self, plan: Plan, why: str, round_number: int) -> ApprovalDraft:
        """Return what the team is asked that has it now, with what came so far."""
        route = self.people.route
        assert route is not None, "whoever is asked has it"
        summary = f"{plan.summary}, for {route.team}"
        return ApprovalDraft(
            plan=plan.model_copy(update={"effects": ()}),
            what=f"{summary}: {why}" if why else summary,
            step="by-hand",
            round_number=round_number,
            asked_by=self.request.customer,
            evidence=self.said(),
            roles=route.roles,
            office_version=self.file.office_version,
        )

    def said(self) -> tuple[Evidence, ...]:
        """Return the first mail, and the last of those that came later."""
        return (*evidence_of(self.request), *self.later.unread[-MOST_SHOWN:])

    async def answered(self, plan: Plan, why: str, round_number: int) -> tuple[Approval, int]:
        """Ask people, anew with each mail that comes meanwhile; return the end, and how many they were shown.

        So nobody says that they answered what they have not seen. After some, the question stands: what
        came is asked about once it is answered. Handed on to another team, that one is asked.
        """
        read, anew, asked = len(self.later.unread), 0, self.people.route

        async def look() -> ApprovalDraft | None:
            nonlocal read, anew, asked
            if self.people.route is asked and (len(self.later.unread) <= read or anew == MOST_ANEW):
                return None
            read, anew, asked = len(self.later.unread), anew + 1, self.people.route
            return self.question(plan, why, round_number)

        self.people.open = True
        waking = asyncio.create_task(self.people.wake())
        try:
            approval = await self.case.gate.ask(self.question(plan, why, round_number), recheck=look)
        finally:
            self.people.open = False
            waking.cancel()
        return approval, read

    async def answer(self, words: str) -> str:
        """Answer in the thread with a person's words; return why it could not be done."""
        assert self.people.route is not None, "whoever answers has it"
        self.answers += 1
        step = f"answered-{self.answers}"
        plan = message_plan(self.file.case_id, self.request, self.people.route, "answered", step, words=words)
        return await told(self.file, plan)

    async def close(self, status: CaseStatus, outcome: str) -> InboxResult:
        """Write the end into the books, and what was kept of what was promised."""
        self.clock.happened("resolved")
        await self.clock.stop()
        await self.case.close(status, outcome, remember=False)
        return InboxResult(
            case_id=self.file.case_id, status=status, outcome=outcome, topic=self.topic, begun=self.begun
        )

"""The content desk: from a brief to a text that stands on every channel once, as it was approved."""

import asyncio
from datetime import datetime, timedelta

from pydantic import JsonValue
from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft, draft_for
    from contracts.approvals.request import Approval
    from contracts.authorization import Authorization, Plan, why_denied
    from contracts.case import CaseStatus
    from contracts.effect import EffectReceipt, EffectState
    from contracts.ids import CONTROL_QUEUE
    from workflows.content.activities import ChannelActivities, ClaimActivities
    from workflows.content.plan import evidence_of, plan_for
    from workflows.content.slot import Slot
    from workflows.content.types import (
        DESK,
        PUBLISH,
        CheckedDraft,
        ClaimsQuery,
        ContentRequest,
        ContentResult,
        ContentVariant,
        PageFound,
        PageQuery,
        VariantQuery,
    )
    from workflows.kernel import options
    from workflows.kernel.case import CaseRun
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused, Effects
    from workflows.kernel.ends import NOT_GRANTED
    from workflows.kernel.looks import stands
    from workflows.kernel.outside_reads import NoAnswer
    from workflows.kernel.pauses import Rest

LOOKS = tuple(timedelta(seconds=seconds) for seconds in (1, 4, 15, 60))
"""How long a page is given to show what was published, between one look and the next."""


@workflow.defn(name="ContentWorkflow")
class ContentWorkflow:
    """One article."""

    @workflow.init
    def __init__(self, request: ContentRequest) -> None:
        """Prepare what handlers need before `run` begins."""
        self.request = request
        self.file = CaseFile(DESK, request.channel, request.model_dump(mode="json"))
        self.case = CaseRun(self.file)
        self.slot = Slot(self.case, request.publish_at)
        self.checked = CheckedDraft(total=0, differs=0, open=0, claims=())
        self.pages: dict[str, str] = {}
        self.seen_at: datetime | None = None

    @workflow.run
    async def run(self, request: ContentRequest) -> ContentResult:
        """Tell the story of the article to its end."""
        try:
            return await self.story(request)
        except NoAnswer as none:
            return await self.close(*none.end)
        except (ActivityError, asyncio.CancelledError) as stopped:
            if is_cancelled_exception(stopped):
                await self.close(CaseStatus.WITHDRAWN, "cancelled")
                raise
            return await self.close(CaseStatus.FAILED, self.case.stopped_by(stopped))

    async def story(self, request: ContentRequest) -> ContentResult:
        """Check it, word it for each channel, have it approved, wait, publish, and look it up."""
        await self.case.open(f"article {request.id} of {request.editorial_plan}", channel=request.channel)
        self.checked = await self.check(request)
        variants = await self.variants(request)
        plan = self.case.unless_too_large(plan_for(self.file.case_id, request, variants, self.checked))
        if flaws := "; ".join(f"{each.connector}: {each.flaw}" for each in variants if each.flaw):
            return await self.hand_over(plan, flaws)
        plan = self.case.unless_begun(plan)
        authorization = await self.case.authorize(plan) if plan.effects else None
        if authorization is None or authorization.outcome == "deny":
            return await self.hand_over(plan, _why(authorization))
        approval = await self.ask(plan, authorization) if authorization.outcome == "ask" else None
        if approval is not None and not approval.granted:
            return await self.close(NOT_GRANTED[approval.outcome], approval.outcome.value)
        if not await self.slot.come():
            self.case.gate.take_withdrawal()
            return await self.close(CaseStatus.WITHDRAWN, "withdrawn")
        return await self.settle(plan, approval)

    async def check(self, request: ContentRequest) -> CheckedDraft:
        """Have every claim compared with the given sources."""
        draft = "\n\n".join((request.article, *request.wordings.values()))
        query = ClaimsQuery(draft=draft, given_sources=request.given_sources)
        queued = options.with_summary(options.MODEL, "what the sources say of its claims", CONTROL_QUEUE)
        checked = await workflow.execute_activity_method(ClaimActivities.check, query, **queued)
        self.file.happened("checked", claims=checked.total, differs=checked.differs, open=checked.open)
        return checked

    async def variants(self, request: ContentRequest) -> list[ContentVariant]:
        """Return what each channel is given; those that post name the article's address at its site."""
        link, found = "", []
        first = (request.channel, *(each for each in request.channels if each != request.channel))
        for connector in first:
            query = VariantQuery(request=request, connector=connector, link=link)
            variant = await self.case.read(
                ChannelActivities.variant, query, connector, f"what {connector} takes"
            )
            link = link or variant.page
            found.append(variant)
        return found

    async def ask(self, plan: Plan, authorization: Authorization) -> Approval:
        """Put the exact texts to people, with each claim beside what its source says."""
        draft = draft_for(
            plan,
            authorization,
            asked_by=self.request.author,
            evidence=evidence_of(self.request, self.checked),
        )
        return await self.case.gate.ask(draft, recheck=stands)

    async def settle(self, plan: Plan, approval: Approval | None) -> ContentResult:
        """Publish with today's leave; what stops is a person's, and what was done stays done."""
        while True:
            authorization = await self.leave(plan, approval)
            if authorization.outcome == "ask":
                approval = await self.ask(plan, authorization)
                if not approval.granted:
                    return await self.close(NOT_GRANTED[approval.outcome], approval.outcome.value)
                continue
            if authorization.outcome == "deny":
                return await self.hand_over(plan, _why(authorization))
            try:
                receipts = await self.publish(plan, authorization)
            except EffectRefused as refused:
                if refused.asks_again and await self.case.rest(refused) is Rest.TAKEN:
                    continue
                return await self.hand_over(plan, self.case.refused_too_often(refused))
            return await self.look_up(plan, receipts)

    async def leave(self, plan: Plan, approval: Approval | None) -> Authorization:
        """Have the frozen plan judged by what is so now: how late it is, and at which hour."""
        facts: dict[str, JsonValue] = {"late_minutes": int(self.slot.late.total_seconds() // 60)}
        if self.slot.due is not None:
            facts["hour"] = self.slot.due.hour
        if approval is not None:
            return await self.case.authorize_approved(plan, approval, facts)
        return await self.case.authorize(plan.model_copy(update={"facts": {**plan.facts, **facts}}))

    async def publish(self, plan: Plan, authorization: Authorization) -> dict[str, EffectReceipt]:
        """Publish at the sites in order, then post everywhere at once: no channel holds up another."""
        effects = Effects(self.file.case_id, authorization.permits, self.file)
        sites = [each for each in plan.effects if each.operation == PUBLISH]
        posts = [each for each in plan.effects if each.operation != PUBLISH]
        receipts: dict[str, EffectReceipt] = {}
        for each in sites:
            receipts[each.step] = await effects.perform(each)
            if receipts[each.step].state is not EffectState.APPLIED:
                return receipts
        ends = await asyncio.gather(*(effects.perform(each) for each in posts), return_exceptions=True)
        for each, end in zip(posts, ends, strict=True):
            if isinstance(end, BaseException):
                raise end
            receipts[each.step] = end
        return receipts

    async def look_up(self, plan: Plan, receipts: dict[str, EffectReceipt]) -> ContentResult:
        """See each public page as everybody does, and end; what is not as it was approved is a person's."""
        applied = [each for each in plan.effects if _applied(receipts.get(each.step))]
        found = await asyncio.gather(*(self.seen(each.step, plan, receipts) for each in applied))
        self.pages = {each.step: page.address for each, page in zip(applied, found, strict=True)}
        self.seen_at = workflow.now()
        for step, page in zip(self.pages, found, strict=True):
            self.file.happened("seen", channel=step, address=page.address, flaw=page.flaw)
        flaws = [f"{page.address}: {page.flaw}" for page in found if page.flaw]
        flaws += [
            f"{step}: {receipt.state.value} {receipt.reason or ''}".strip()
            for step, receipt in receipts.items()
            if not _applied(receipt)
        ]
        flaws += [f"{each.step}: not sent" for each in plan.effects if each.step not in receipts]
        if flaws:
            return await self.hand_over(plan, "; ".join(flaws))
        return await self.close(CaseStatus.SETTLED, "published")

    async def seen(self, step: str, plan: Plan, receipts: dict[str, EffectReceipt]) -> PageFound:
        """Look at one page, again for a while where it does not show yet what was published."""
        [effect] = [each for each in plan.effects if each.step == step]
        known = {"slug": self.request.slug, "post": receipts[step].outside_reference or ""}
        query = PageQuery(connector=effect.connector, known=known, expected=effect.arguments)
        for pause in (*LOOKS, None):
            page = await self.case.read(ChannelActivities.page, query, effect.connector, f"page at {step}")
            if not page.flaw or pause is None:
                break
            await workflow.sleep(pause)
        return page

    async def hand_over(self, plan: Plan, why: str) -> ContentResult:
        """Give the article to a person, with its claims: approve means that they saw to it."""
        draft = ApprovalDraft(
            plan=plan.model_copy(update={"effects": ()}),
            what=f"{plan.summary}: {why}",
            step="by-hand",
            round_number=self.case.gate.rounds + 1,
            asked_by=self.request.author,
            evidence=evidence_of(self.request, self.checked),
            office_version=self.file.office_version,
        )
        return await self.close(*await self.case.hand_over(draft))

    async def close(self, status: CaseStatus, outcome: str) -> ContentResult:
        """Write the end into the books."""
        await self.case.close(status, outcome)
        return ContentResult(
            case_id=self.file.case_id,
            status=status,
            outcome=outcome,
            pages=self.pages,
            published_at=self.seen_at,
        )


def _applied(receipt: EffectReceipt | None) -> bool:
    return receipt is not None and receipt.state is EffectState.APPLIED


def _why(authorization: Authorization | None) -> str:
    if authorization is None:
        return "it was begun before, or is too large"
    taken = f"{authorization.claimed_by} works on it" if authorization.claimed_by else ""
    return authorization.refused or taken or why_denied(authorization.verdicts) or "no policy permits it"

"""The toy desk: a note goes up on a board, after a person looked at it if policy says so."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft, draft_for
    from contracts.authorization import Authorization, Plan
    from contracts.case import CaseStatus
    from contracts.effect import ProposedEffect
    from contracts.evidence import Evidence
    from tests.desks.toy.activities import BoardActivities
    from tests.desks.toy.types import DESK, Board, NoteFacts, NoteRequest
    from workflows.kernel.case import CaseRun
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused
    from workflows.kernel.outside_reads import NoAnswer
    from workflows.kernel.pauses import Rest


@workflow.defn(name="NoteWorkflow")
class NoteWorkflow:
    @workflow.init
    def __init__(self, request: NoteRequest) -> None:
        self.case = CaseRun(CaseFile(DESK, request.channel, request.model_dump(mode="json")))
        self.case.file.customer = request.customer

    @workflow.run
    async def run(self, request: NoteRequest) -> str:
        try:
            return await self.story(request)
        except NoAnswer as none:
            return await self.close(*none.end)

    async def story(self, request: NoteRequest) -> str:
        await self.case.open(f"note {request.id}", channel=request.channel)
        board = Board(name=request.channel)
        on_board = await self.case.read(BoardActivities.count, board, request.channel, "what is on the board")
        plan = self.case.unless_begun(self.plan(request, on_board))
        if not plan.effects:
            return await self.hand_over(request, plan)
        while True:
            authorization = await self.case.authorize(plan)
            if authorization.outcome == "ask":
                authorization = await self.ask(request, plan, authorization)
            if authorization.outcome != "allow":
                return await self.close(CaseStatus.DENIED, "not_permitted")
            try:
                stopped = await self.case.carry_out(plan, authorization)
            except EffectRefused as refused:
                if refused.asks_again and await self.case.rest(refused) is Rest.TAKEN:
                    continue
                return await self.hand_over(request, plan, self.case.refused_too_often(refused))
            if stopped is not None:
                return await self.close(CaseStatus.FAILED, stopped.word)
            return await self.close(CaseStatus.SETTLED, "applied")

    def plan(self, request: NoteRequest, on_board: int) -> Plan:
        facts = NoteFacts(length=len(request.body), on_board=on_board).model_dump(mode="json")
        effect = ProposedEffect(
            step="pin", connector=request.channel, operation="pin", arguments={"text": f"note {request.id}"}
        )
        return Plan(
            case_id=self.case.file.case_id,
            desk=DESK,
            summary=self.case.file.summary,
            facts={**facts, "customer": request.customer},
            effects=(effect,),
            claims=(f"{request.channel}/{request.customer}",),
        )

    async def ask(self, request: NoteRequest, plan: Plan, authorization: Authorization) -> Authorization:
        said = (Evidence(source=f"request:{request.id}", text=request.body, kind="turn"),)
        approval = await self.case.ask(
            draft_for(plan, authorization, asked_by=request.customer, evidence=said)
        )
        return await self.case.authorize_approved(plan, approval) if approval.granted else authorization

    async def hand_over(self, request: NoteRequest, plan: Plan, why: str = "") -> str:
        draft = ApprovalDraft(
            plan=plan.model_copy(update={"effects": ()}),
            what=f"{plan.summary}: {why}" if why else plan.summary,
            step="by-hand",
            asked_by=request.customer,
            office_version="",
        )
        return await self.close(*await self.case.hand_over(draft))

    async def close(self, status: CaseStatus, outcome: str) -> str:
        await self.case.close(status, outcome, remember=False)
        return outcome

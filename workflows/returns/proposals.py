"""What the desk proposes for a request, made anew whenever what it knows has changed."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Authorization, Plan, forbids
    from workflows.kernel.case import CaseRun
    from workflows.returns.plan import Known, Planned, money_out_cents, plan_for
    from workflows.returns.types import GOODS, Intent, ReturnRequest
    from workflows.returns.way.plans import outlines, rest_of
    from workflows.returns.way.state import DOES_MOST, MOST_LINES_BACK, Way
    from workflows.returns.way.watch import GoodsWatch


class Proposals:
    """The plans of one case.

    Attributes:
        postage_kept: policy keeps the postage: no plan of the case pays it back.
    """

    def __init__(
        self, case: CaseRun, request: ReturnRequest, goods: GoodsWatch, *, postage_kept: bool
    ) -> None:
        """Begin without a plan."""
        self.postage_kept = postage_kept
        self._case = case
        self._request = request
        self._goods = goods
        self._last: Planned | None = None

    @property
    def asked_at(self) -> datetime:
        """When the customer asked: what their days are counted to, however long an answer takes."""
        return self._request.received_at or self._case.file.opened_at

    @property
    def begun(self) -> Plan:
        """What was proposed before the goods of the return came."""
        assert self._goods.way.begun is not None
        return self._goods.way.begun

    async def propose(self, known: Known) -> Plan:
        """Return what the desk proposes; where goods are to come back, policy says when the money goes."""
        wanted = len(known.reading.wanted)
        alone = known.reading.intent is Intent.RETURN and not known.reading.also and wanted <= MOST_LINES_BACK
        if not alone or not known.order.takes_back or self._case.file.done:
            return self.plan(known)
        ways = self._goods.way.alternatives()
        most = self.plan(known, ways[DOES_MOST])
        if most.effects:
            self._goods.way = ways[await self._case.choose(outlines(most, ways), GOODS)]
        return self.plan(known)

    def plan(self, known: Known, way: Way | None = None) -> Plan:
        """Return what the desk proposes, postage too unless policy keeps it; nothing, if too much.

        An order of thousands of lines that is as it was is not reckoned anew at each look.
        """
        way = way or self._goods.way
        if way.paid:
            return rest_of(known.order, known.reading, way)
        before, shipping = self._last, not self.postage_kept
        if before is not None and before.stands(known, shipping=shipping, way=way):
            return before.plan
        case_id = self._case.file.case_id
        plan = plan_for(case_id, known.order, known.reading, self.asked_at, shipping=shipping, way=way)
        self._last = Planned(known, shipping, self._case.unless_too_large(plan), way)
        return self._last.plan

    def amount(self, plan: Plan) -> int:
        """Return what the case pays with a plan, and paid before it, in the currency's smallest unit."""
        return money_out_cents(plan) + (money_out_cents(self.begun) if self._goods.way.paid else 0)

    def keep_postage(self, authorization: Authorization) -> bool:
        """Say whether policy denies the plan for its postage: then it is made once more, without."""
        forbidding = forbids(authorization.verdicts)
        if self.postage_kept or not any("shipping_cents" in reason.reads for reason in forbidding):
            return False
        self.postage_kept = True
        return True

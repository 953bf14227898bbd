"""What the desk proposes for a request, made anew whenever what it knows has changed."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Authorization, Plan, PolicyReason, forbids
    from contracts.reply import STEP
    from workflows.kernel.case import CaseRun
    from workflows.returns.plan import (
        Known,
        Planned,
        half_done,
        message_plan,
        money_out_cents,
        plan_for,
        plan_of_the_rest,
        wishes_sent_off,
    )
    from workflows.returns.sums import WHOLE
    from workflows.returns.types import COME_BACK, GOODS, Intent, ReturnRequest
    from workflows.returns.way.plans import outlines, pieces_of, shares_in_outline
    from workflows.returns.way.repair import SPEAKS_OF, promised, ways_of_repair
    from workflows.returns.way.state import AHEAD, SHARES, Way
    from workflows.returns.way.watch import GoodsWatch

SHARE = "share_percent"
"""The fact that says what of the goods' worth is refunded."""
EVERY_WISH = "every-wish-goes-its-way"
"""Cases of an earlier version settle exchanges, several wishes and many lines at once, as they began."""
FEW = 300
"""Lines of a return that an earlier version led its way, too."""


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

    def goods_message(self, known: Known, name: str, step: str = "tell") -> Plan:
        """Return the plan that tells the customer something of the goods that are to come."""
        return message_plan(self.begun, known, name, step=step, rma=self._goods.way.rma)

    def has_begun(self, plan: Plan) -> bool:
        """Say whether any effect of a plan is applied: the order shows it by now."""
        return bool(half_done(plan, self._case.file.done)[0].effects)

    async def propose(self, known: Known) -> Plan:
        """Return what the desk proposes; where goods are to come back, policy says when the money goes."""
        acted = any(not step.startswith(STEP) for step in self._case.file.done)
        if acted or not self._comes_back(known):
            return self.plan(known)
        if known.reading.repair:
            return await self._propose_repair(known)
        ways = self._goods.way.alternatives(refunds=known.returns.reading.intent is Intent.RETURN)
        ahead = next(way for way in ways if way.goods == AHEAD)
        most = self.plan(known, ahead)
        if most.effects and await self._keeps_postage(known.returns, ahead):
            most = self.plan(known, ahead)
        if most.effects:
            self._goods.way = ways[await self._case.choose(self._outlines(known, most, ways), GOODS)]
        return self.plan(known)

    async def offers(self, known: Known) -> bool:
        """Say whether what a customer could choose can be done, and policy would not deny it."""
        if known.reading.repair:
            ways = ways_of_repair(self._goods.way)
            plans = [plan for plan in (self.plan(known, way) for way in ways) if plan.effects]
            offered, spoken = promised(plans), SPEAKS_OF
        else:
            ways = [self._goods.way]
            if self._comes_back(known):
                refunds = known.reading.intent is Intent.RETURN
                ways = self._goods.way.alternatives(refunds=refunds)
            plans = [plan for plan in (self.plan(known, way) for way in ways) if plan.effects]
            offered, spoken = plans, "intent"
        if not plans:
            return False
        nothing = plans[-1].model_copy(update={"effects": ()})
        return await self._case.choose([*offered, nothing], SPEAKS_OF, spoken=spoken) < len(plans)

    async def _propose_repair(self, known: Known) -> Plan:
        """Return what the desk proposes of a repair: nothing where no policy speaks of one."""
        ways = ways_of_repair(self._goods.way)
        plans = [self.plan(known, way) for way in ways]
        nothing = plans[-1].model_copy(update={"effects": ()})
        if not plans[-1].effects:
            return nothing
        place = await self._case.choose([*promised(plans), nothing], "return_postage", spoken=SPEAKS_OF)
        if place == len(ways):
            return nothing
        self._goods.way = ways[place]
        return self.plan(known)

    def _comes_back(self, known: Known) -> bool:
        """Say whether goods are to come back for the request, and its channel takes them."""
        reading = known.reading
        back = [each for each in reading.each if each.intent in COME_BACK and each.wanted]
        if not back or not known.order.takes_back:
            return False
        alone = reading.intent is Intent.RETURN and not reading.also
        return (alone and len(reading.wanted) <= FEW) or workflow.patched(EVERY_WISH)

    def _outlines(self, known: Known, most: Plan, ways: Sequence[Way]) -> list[Plan]:
        """Return what policies read of each way; of a return alone it follows from the one that does most."""
        if known.reading.intent is Intent.RETURN and not known.reading.also:
            return outlines(most, ways)
        return [self.plan(known, way).in_outline() for way in ways]

    async def _keeps_postage(self, known: Known, ahead: Way) -> bool:
        """Ask policy, before the customer is told a sum: will it pay postage, too, once the goods are here?

        Returns:
            Whether that was learnt now: the plan must be made anew without.
        """
        if self.postage_kept or known.reading.intent is not Intent.RETURN:
            return False
        most = self.plan(known, ahead)
        if not most.facts["shipping_cents"]:
            return False
        back = self._goods.way.once_back(pieces_of(most))
        paid = self.plan(known, back)
        kept = self.plan(known, back, shipping=False)
        # Were neither permitted, it would not be for the postage: so the first stands at the end once more.
        place = await self._case.choose([paid, kept, paid], "shipping_cents", spoken=GOODS)
        self.postage_kept = place == 1
        return self.postage_kept

    def plan(self, known: Known, way: Way | None = None, *, shipping: bool = True) -> Plan:
        """Return what the desk proposes, postage too unless policy keeps it; nothing, if too much.

        An order of thousands of lines that is as it was is not reckoned anew at each look.
        """
        way = way or self._goods.way
        before, shipping = self._last, shipping and not self.postage_kept
        if before is not None and before.stands(known, shipping=shipping, way=way):
            return before.plan
        make = plan_of_the_rest if way.paid or way.wishes else plan_for
        case_id = self._case.file.case_id
        plan = make(case_id, known.order, known.reading, self.asked_at, shipping=shipping, way=way)
        self._last = Planned(known, shipping, self._case.unless_too_large(plan), way)
        return self._last.plan

    def sent_off(self, known: Known, plan: Plan) -> bool:
        """Take in that a plan is done; return whether goods are to come back by it."""
        pieces = pieces_of(plan)
        if pieces:
            wishes = wishes_sent_off(known, self.asked_at, self._goods.way)
            self._goods.way = self._goods.way.sent_off(pieces, plan, wishes)
        return bool(pieces)

    def follow(self, plan: Plan) -> Plan:
        """Take up the plan that people agreed to, and its way: another was thought of while they did."""
        self._goods.way = self._goods.way.as_in(plan)
        return plan

    def whole(self, plan: Plan) -> Plan:
        """Return a plan with what was done before the goods came."""
        begun = self._goods.way.begun
        if begun is None:
            return plan
        steps = {effect.step for effect in plan.effects}
        before = tuple(effect for effect in begun.effects if effect.step not in steps)
        return plan.model_copy(update={"effects": (*before, *plan.effects)})

    def amount(self, plan: Plan) -> int:
        """Return what the case pays with a plan, and paid before it, in the currency's smallest unit."""
        return money_out_cents(self.whole(plan))

    async def lower_share(self, authorization: Authorization, known: Known) -> bool:
        """Say whether policy denies the plan for the share it refunds, and allows a lower one: that is taken.

        A denial that rests on what is unsure lowers nothing.
        """
        way, forbidding = self._goods.way, _forbid_share(authorization)
        judged_now = not way.paid and way.goods == "inspected" and way.share == WHOLE
        if not (forbidding and judged_now and self.denies_surely(authorization, known.returns)):
            return False
        whole = self.plan(known)
        place = await self._case.choose([*shares_in_outline(whole), whole], SHARE, spoken=GOODS)
        if place == len(SHARES):
            return False
        self._goods.way = way.shared(SHARES[place], tuple(one.reason for one in forbidding))
        return True

    def denies_surely(self, authorization: Authorization, known: Known) -> bool:
        """Say whether a denial stands, and no share is lowered, by anything that is unsure.

        That a piece was returned before denies nobody whose replacement may be what is faulty.
        """
        unsure = known.unsure_facts
        lowering = any(one.rests_on(unsure) for one in _forbid_share(authorization))
        if lowering or not authorization.denies_surely(unsure):
            return False
        again = known.perhaps_again and not authorization.denies_surely({*unsure, "already_returned"})
        return not (again and workflow.patched("what-came-for-it-may-fail"))

    def keep_postage(self, authorization: Authorization) -> bool:
        """Say whether policy denies the plan for its postage: then it is made once more, without."""
        forbidding = forbids(authorization.verdicts)
        if self.postage_kept or not any("shipping_cents" in reason.reads for reason in forbidding):
            return False
        self.postage_kept = True
        return True


def _forbid_share(authorization: Authorization) -> list[PolicyReason]:
    """Return the policies that deny a plan for what of the goods' worth it refunds."""
    return [reason for reason in forbids(authorization.verdicts) if SHARE in reason.reads]

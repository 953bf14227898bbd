"""From a reading of the request to facts, and to the effects the desk proposes: pure functions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft, draft_for
    from contracts.approvals.request import Approval, ApprovalOutcome
    from contracts.approvals.rules import narrowed
    from contracts.authorization import EVERY_FACT, Authorization, Plan, forbids
    from contracts.effect import ProposedEffect
    from contracts.evidence import Evidence
    from contracts.memory import Context
    from contracts.money import money_text, signed
    from contracts.photo import Photo
    from contracts.shares import PieceClaim
    from workflows.returns.effects import can_exchange, effects_for
    from workflows.returns.facts import ReturnFacts
    from workflows.returns.joint_plan import joined, joined_facts, paid_back, paid_for
    from workflows.returns.order_check import delivery_doubt
    from workflows.returns.reading import NEEDS_ITEMS, Reading, about_order, as_of
    from workflows.returns.remedies import ground_of, remedy_of, wish_word
    from workflows.returns.statement import subject_of
    from workflows.returns.steps import notice
    from workflows.returns.sums import Sum, doubts_together, named, sum_of
    from workflows.returns.types import CHANGES, DESK, DIRECTIONS, Intent, Order, Reason, ReturnRequest
    from workflows.returns.way.plans import exchanged_ahead, rest_of, way_effects
    from workflows.returns.way.repair import repaired
    from workflows.returns.way.state import Way, Wish
    from workflows.returns.worth import accounts, line_account, order_name, unpaid_back, worth_of

NOT_DELIVERED = -1
SWAPS = (Intent.EXCHANGE, Intent.CHANGE_ITEMS)
WHOLE = frozenset({Intent.CANCEL, *CHANGES})
"""What is about a whole order: no second case may work on any line of it."""
AT_HAND = Way()
"""Goods that are back when their money is spoken of."""


@dataclass(frozen=True)
class Known:
    """What the desk knows of a request once it has read it.

    Attributes:
        context: what memory had to say.
        replies: what the customer said when they were asked back.
        asked_at: when the customer asked; None in cases of earlier versions.
    """

    request: ReturnRequest
    order: Order
    reading: Reading
    context: Context
    replies: tuple[str, ...] = ()
    asked_at: datetime | None = None

    def head(self) -> "Known":
        """Return what the next run needs of it: the order's lines are read again there."""
        return replace(self, order=self.order.head())

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is not certain of the request, or of what its order is worth, in words for a person."""
        sums = [sum_of(self.order, each) for each in self.reading.each]
        comes_back = any(each.intent in NEEDS_ITEMS for each in self.reading.each)
        when = delivery_doubt(self.order, self.asked_at) if comes_back else ""
        of_sums = [*(doubt for found in sums for doubt in found.doubts), *doubts_together(self.order, sums)]
        return (*self.reading.doubts, *of_sums, *([when] if when else []))

    @property
    def unsure_facts(self) -> frozenset[str]:
        """The facts that no denial may rest on unless a person looked; see `contracts.authorization`."""
        if not self.reading.understood or self.reading.also:
            # Of several wishes some may be allowed: a person tells them apart.
            return EVERY_FACT
        if not self.reading.exact:
            return frozenset()
        unsure = set() if self.reading.reason_known else {"reason", "ground", "remedy", "item_state"}
        if self.order.status == "delivered" and self.order.delivered_at is None:
            unsure.add("days_since_delivery")
        return frozenset(unsure)

    @property
    def perhaps_again(self) -> bool:
        """Whether it may be what came for an exchanged piece that is faulty now."""
        return ground_of(self.reading) != "withdrawal" and unpaid_back(self.order, self.reading.lines)

    @property
    def returns(self) -> "Known":
        """The same request with its returns alone; itself if it has nothing else, or none."""
        wanted = [each for each in self.reading.each if each.intent is Intent.RETURN]
        if not wanted or not self.reading.also:
            return self
        return replace(self, reading=wanted[0].model_copy(update={"also": tuple(wanted[1:])}))

    def as_of(self, order: Order) -> "Known":
        """Return the same request with the order as it is now."""
        return replace(self, order=order, reading=as_of(order, self.reading))


@dataclass(frozen=True)
class Planned:
    """A plan, and what it was made of."""

    known: Known
    shipping: bool
    plan: Plan
    way: Way = AT_HAND

    def stands(self, known: Known, *, shipping: bool, way: Way = AT_HAND) -> bool:
        """Say whether a plan made now would be the same: the order is the very one that was read before."""
        same_order = known.order is self.known.order and way == self.way
        return same_order and known.reading == self.known.reading and shipping == self.shipping


def facts(
    order: Order, reading: Reading, asked_at: datetime, found: Sum | None = None, way: Way = AT_HAND
) -> ReturnFacts:
    """Return what the policies read; `earlier_returns` is filled in from our books when judged.

    `asked_at` is when the customer asked: a window that ends while people think was still kept. `found`
    is what the request moves, if it was reckoned already; `way` says where the goods are.
    """
    found = found or sum_of(order, reading, share=way.share)
    since = max(0, (asked_at - order.delivered_at).days) if order.delivered_at else NOT_DELIVERED
    # No window is kept by a delivery that nobody dates: such an order is as good as not understood.
    dated = reading.intent not in NEEDS_ITEMS or not delivery_doubt(order, asked_at)
    return ReturnFacts(
        intent=reading.intent,
        reason=reading.reason,
        ground=ground_of(reading),
        remedy=remedy_of(reading),
        understood=reading.understood and dated,
        order_status=order.status,
        amount_cents=found.amount_cents,
        currency=order.currency,
        paid_cents=order.paid_cents,
        remaining_cents=found.worth.left_cents,
        days_since_delivery=since,
        item_state="damaged" if reading.reason == Reason.DAMAGED else "unknown",
        member_level=order.member_level,
        earlier_returns=0,
        already_returned=any(found.worth.of(line).left == 0 for line in found.pieces),
        price_difference_cents=found.difference_cents if reading.intent in SWAPS else 0,
        shipping_cents=found.shipping_cents if reading.intent is Intent.RETURN else 0,
        photos=len(reading.photos),
        channel=order.channel,
        **way.facts,
    )


def facts_today(
    known: Known, plan: Plan, approval: Approval, asked_at: datetime, way: Way = AT_HAND
) -> dict[str, JsonValue]:
    """Return the facts as the order shows them now, for a plan that people agreed to.

    Args:
        known: the request, with the order as it is now.
        plan: what they were asked.
        approval: what they answered; a lower sum goes to the same methods.
        asked_at: when the customer asked.
        way: where the goods are.
    """
    lowered = approval.outcome is ApprovalOutcome.EDITED and approval.amount_cents
    agreed = narrowed(plan, approval.amount_cents) if lowered and approval.amount_cents else plan
    worth = worth_of(known.order)
    left = dict(worth.left_by_method)
    payable = all(cents <= left.get(method, 0) for method, cents in paid_back([agreed]).items())
    lines = {line_account(known.order, line.line): line.left_cents for line in worth.lines}
    payable = payable and all(cents <= lines.get(name, cents) for name, cents in paid_for([agreed]).items())
    today = joined_facts(
        [
            facts(known.order, each, asked_at, way=way.of(place, each.intent))
            for place, each in enumerate(known.reading.each)
            if each.intent is Intent.RETURN or not way.wishes
        ]
    )
    return today.model_copy(update={"payable": payable, **way.facts}).model_dump(mode="json")


def plan_for(
    case_id: str,
    order: Order,
    reading: Reading,
    asked_at: datetime,
    *,
    shipping: bool = True,
    way: Way = AT_HAND,
) -> Plan:
    """Return every effect this request leads to, in the order it will be done.

    No effects means that the desk has nothing to propose: a person handles the case.

    Args:
        case_id: the case.
        order: the order as it is now.
        reading: the request as understood; several wishes are one plan.
        asked_at: when the customer asked.
        shipping: give the postage back, too, where everything comes back.
        way: where the goods of a return are.
    """
    plans: list[Plan] = []
    sums: list[Sum] = []
    for place, each in enumerate(reading.each):
        mine = way.of(place, each.intent)
        sums.append(_left_of(order, each, plans, mine, shipping=shipping))
        plans.append(_plan_for_one(case_id, order, each, asked_at, sums[-1], way=mine))
    whole = joined(order, plans, way.facts)
    return whole.model_copy(update={"effects": ()}) if doubts_together(order, sums) else whole


def plan_of_the_rest(
    case_id: str, order: Order, reading: Reading, asked_at: datetime, *, shipping: bool, way: Way
) -> Plan:
    """Return what is left to do once goods came back, or nobody waits for them any more.

    What went ahead is only brought to its end; money that waited for its goods is judged by the order now.
    """
    assert way.begun is not None
    if not way.wishes:
        return rest_of(order, reading, way, way.begun.facts)
    if way.goods == "lost":
        place = next(n for n, each in enumerate(reading.each) if each.intent is Intent.RETURN)
        then = {**way.wishes[place].facts, "amount_cents": way.begun.facts["amount_cents"]}
        return rest_of(order, reading.each[place], way, then)
    plans: list[Plan] = []
    for place, (each, wish) in enumerate(zip(reading.each, way.wishes, strict=True)):
        mine = way.of(place, each.intent)
        if wish.pieces and each.intent is Intent.RETURN and not way.paid:
            found = _left_of(order, each, plans, mine, shipping=shipping)
            plans.append(_plan_for_one(case_id, order, each, asked_at, found, way=mine))
        elif wish.pieces:
            plans.append(rest_of(order, each, mine, wish.facts))
    return joined(order, plans, way.facts, done=[effect.step for effect in way.begun.effects])


def _left_of(order: Order, reading: Reading, before: Sequence[Plan], way: Way, *, shipping: bool) -> Sum:
    """Reckon what a wish moves, of what the wishes before it leave."""
    found = sum_of(order, reading, shipping=shipping, share=way.share)
    return replace(found, worth=found.worth.less(paid_back(before)))


def wishes_sent_off(known: Known, asked_at: datetime, way: Way) -> tuple[Wish, ...]:
    """Return each of several wishes as it is when what comes back is sent off; none of a single one."""
    order, made = known.order, []
    for place, each in enumerate(known.reading.each if known.reading.also else ()):
        mine, found = way.of(place, each.intent), sum_of(order, each)
        told = facts(order, each, asked_at, found, mine).model_dump(mode="json")
        pieces = dict(found.pieces) if mine.on_its_way else {}
        made.append(Wish(pieces=pieces, facts={**told, "customer": order.customer}))
    return tuple(made)


def _plan_for_one(
    case_id: str, order: Order, reading: Reading, asked_at: datetime, found: Sum, *, way: Way
) -> Plan:
    known = facts(order, reading, asked_at, found, way).model_dump(mode="json")
    claimed = order.lines if reading.intent in WHOLE else reading.lines
    # Every payment is booked on a way the order was paid: so no other line's account need be watched.
    booked_on = accounts(order, claimed)
    return Plan(
        case_id=case_id,
        desk=DESK,
        summary=summary(order, reading, found),
        facts={**known, "customer": order.customer},
        effects=() if found.doubts else _effects(order, reading, found, way),
        claims=claims(order, reading),
        pieces=piece_claims(order, reading, found),
        accounts=booked_on,
        versions={name: seen for name, seen in order.books.versions.items() if name in booked_on},
        subject=subject_of(order),
    )


def _effects(order: Order, reading: Reading, found: Sum, way: Way) -> tuple[ProposedEffect, ...]:
    if reading.repair:
        return repaired(order, reading, found, way)
    if way.goods == "handed_over":
        return effects_for(order, reading, found)
    if reading.intent is Intent.RETURN and reading.wanted:
        return way_effects(order, reading, found, way)
    if reading.intent is Intent.EXCHANGE and can_exchange(order, reading):
        return exchanged_ahead(order, reading, found, way)
    return effects_for(order, reading, found)


def money_out_cents(plan: Plan) -> int:
    """Return what the plan pays out, less what it charges, in cents."""
    return sum(
        signed(effect.amount_cents, DIRECTIONS[effect.operation])
        for effect in plan.effects
        if effect.operation in DIRECTIONS
    )


def question(known: Known, plan: Plan, authorization: Authorization, round_number: int) -> ApprovalDraft:
    """Return what people are asked where policy wants their word."""
    return draft_for(
        plan,
        authorization,
        asked_by=known.order.customer,
        evidence=evidence_for_people(known),
        round_number=round_number,
        by_model=known.reading.proposed_by,
    )


def half_done(plan: Plan, done: Collection[str]) -> tuple[Plan, Plan]:
    """Return what a plan did, and it without any effect, as it is given to a person.

    Args:
        plan: the plan.
        done: its steps that are applied.
    """
    effects = tuple(effect for effect in plan.effects if effect.step in done)
    return plan.model_copy(update={"effects": effects}), plan.model_copy(update={"effects": ()})


def evidence_for_people(known: Known) -> tuple[Evidence, ...]:
    """Return what a person needs to answer: the customer's words, doubts, the order, similar cases."""
    request = known.request
    doubts = tuple(Evidence(source="desk:doubts", text=doubt) for doubt in known.doubts)
    shown = about_order(known.order, [line for each in known.reading.each for line in each.lines])
    said = their_words(request, known.replies, known.reading.photos)
    return (*said, *doubts, *shown, *known.context.evidence)


def their_words(
    request: ReturnRequest, replies: Sequence[str], photos: Sequence[Photo] = ()
) -> tuple[Evidence, ...]:
    """Return what the customer wrote, and what they replied when they were asked, as people read it."""
    words = Evidence(source=f"request:{request.channel}/{request.id}", text=request.message, kind="turn")
    said = (
        Evidence(source=f"reply:{number}", text=text, kind="turn")
        for number, text in enumerate(replies, start=1)
    )
    seen = (
        Evidence(source=f"photo:{number}", text=photo.told, kind="turn")
        for number, photo in enumerate(photos, start=1)
    )
    return (words, *said, *seen)


def message_plan(plan: Plan, known: Known, name: str, step: str = "tell", **values: JsonValue) -> Plan:
    """Return a plan that only tells the customer how their request ended; it claims and books nothing.

    Args:
        plan: what was proposed.
        known: what the desk knows of the request.
        name: the office's text.
        step: the step's name; a case says each thing once.
        values: what it may say besides the order.
    """
    told = notice(known.order, known.reading, name, step=step, **values)
    # How it ended is certain, however well the request was understood.
    facts = {**plan.facts, "understood": True}
    return plan.model_copy(update={"effects": (told,), "facts": facts}).without_claims()


def why_not(authorization: Authorization) -> list[JsonValue]:
    """Return why a customer is refused: the sentences of the policies that forbid it."""
    return [*dict.fromkeys(reason.reason for reason in forbids(authorization.verdicts))]


def claims(order: Order, reading: Reading) -> tuple[str, ...]:
    """Return what no second open case may work on: its lines, all of them where it is about the order.

    Of several pieces of a line each may come back by a case of its own: see `piece_claims`.
    """
    lines = order.lines if reading.intent in WHOLE else [each for each in reading.lines if each.quantity == 1]
    whole = (f"{order_name(order)}/cancel",) if reading.intent is Intent.CANCEL else ()
    return (*whole, *(line_account(order, line.id) for line in lines))


def piece_claims(order: Order, reading: Reading, found: Sum) -> tuple[PieceClaim, ...]:
    """Return how many pieces of each line are asked for, where it has several."""
    if reading.intent in WHOLE:
        return ()
    return tuple(
        PieceClaim(
            account=line_account(order, line.id),
            count=found.pieces.get(line.id, line.quantity),
            left=found.worth.of(line.id).left,
        )
        for line in reading.lines
        if line.quantity > 1
    )


def summary(order: Order, reading: Reading, found: Sum) -> str:
    """Return the case in one line, without personal data."""
    nothing = "items that nobody named" if reading.intent in NEEDS_ITEMS else "whole order"
    items = named([found.counted(line) for line in reading.lines]) or nothing
    money = money_text(found.amount_cents, order.currency)
    return f"{wish_word(reading)} of {items} from order {order.id} ({reading.reason.value}), {money}"

"""Where the desk did not understand: what people are asked, and what is known once they say what is meant."""

from collections.abc import Sequence
from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.clarification import MachineChoice, MachineQuestion, Picked
    from contracts.approvals.messages import ApprovalDraft
    from contracts.approvals.request import Approval
    from contracts.authorization import Authorization, Plan
    from contracts.reply import STEP
    from workflows.kernel.case import CaseRun
    from workflows.returns.handover import by_hand
    from workflows.returns.order_reads import OrderReads
    from workflows.returns.plan import Known, question
    from workflows.returns.reading import (
        NEEDS_ITEMS,
        WHICH_ITEMS,
        Reading,
        Wanted,
        options_of,
        variant_questions,
        variants_for,
        which_instead,
        with_quantities,
        with_variants,
        words_of,
    )
    from workflows.returns.types import Intent, Order, OrderLine, Reason
    from workflows.returns.way.state import Way
    from workflows.returns.way.watch import GoodsWatch
    from workflows.returns.worth import worth_of

MOST = 12
"""Choices of a question: more nobody reads."""
INTENT, REASON, LINES, VARIANT, COUNT = "intent", "reason", "lines", "variant:", "count:"
WISHES = {
    Intent.RETURN: "send something back for its money",
    Intent.EXCHANGE: "exchange something for another variant",
    Intent.CANCEL: "cancel the whole order",
    Intent.WHERE_IS_IT: "know where the order is",
}
"""What a person can say is wished without words of their own."""
PATCH = "people-say-what-is-meant"
STEP_CLARIFY = "clarify"


class Clarifying:
    """The questions of one return to people."""

    def __init__(self, case: CaseRun, orders: OrderReads, goods: GoodsWatch) -> None:
        """Ask nothing yet."""
        self._case = case
        self._orders = orders
        self._goods = goods

    def draft(self, known: Known, plan: Plan, why: str) -> ApprovalDraft:
        """Return what people are asked where the desk has nothing to propose, with what would settle it."""
        draft = by_hand(known, plan, self._case.file.office_version, self._goods.way, why)
        return self.with_questions(draft, known, step=STEP_CLARIFY)

    def question(
        self, known: Known, plan: Plan, verdict: Authorization, round_number: int = 0
    ) -> ApprovalDraft:
        """Return what people are asked of a plan: their yes, or what is meant instead; by default anew."""
        asked = question(known, plan, verdict, round_number or self._case.gate.rounds + 1)
        return self.with_questions(asked, known)

    def with_questions(self, draft: ApprovalDraft, known: Known, step: str = "") -> ApprovalDraft:
        """Return the draft with what a person could say instead; as it is, where nothing would help.

        Args:
            draft: what they are asked anyway.
            known: what the desk knows.
            step: of a draft with questions. Each is another request, by its round: it has the same effects,
                none.
        """
        questions = self.questions(known)
        if not questions:
            return draft
        update: dict[str, object] = {"questions": questions, "doubts": draft.doubts or known.doubts}
        if step:
            what = f"{questions[0].text} Order {known.order.id}"
            update |= {"step": step, "what": what, "round_number": self._case.gate.rounds + 1}
        return draft.model_copy(update=update)

    def questions(self, known: Known) -> tuple[MachineQuestion, ...]:
        """Return what would let the case go on; nothing once anything is done: that is seen to its end."""
        file = self._case.file
        begun = file.placement.begun or any(not step.startswith(STEP) for step in file.done)
        if begun or self._goods.way.begun is not None or not workflow.patched(PATCH):
            return ()
        return open_questions(known)

    async def answered(self, known: Known, approval: Approval) -> Known:
        """Return what is known once a person said what is meant, with the order read again."""
        order = await self._orders.load()
        known = known.as_of(order) if order else known
        # What was thought of before, of how goods come back, was thought of another wish.
        self._goods.way = Way(rma=self._goods.way.rma)
        reading = clarified(known, approval.picked)
        if reading.wants_variants and not any(name.startswith(VARIANT) for name in approval.picked):
            step = f"variant-as-clarified-{self._case.gate.rounds}"
            asked = variant_questions(self._case.file.case_id, known.request, known.order, reading, step=step)
            reading = with_variants(known.order, reading, await self._case.decide(asked))
        self._case.file.happened("clarified", picked={name: [*ids] for name, ids in approval.picked.items()})
        return await self._orders.look_up(replace(known, reading=reading))


def open_questions(known: Known) -> tuple[MachineQuestion, ...]:
    """Return the questions about what was not understood of one wish for one order.

    Of several wishes none is asked about: what was said of one would silence the others.
    """
    reading = known.reading
    if reading.also or reading.elsewhere or reading.repair:
        return ()
    if details := _details(reading, known.order):
        return details
    asked = []
    if not reading.understood:
        asked = [_wish(), *_lines(known.order)]
    if not reading.understood or not reading.reason_known:
        asked.append(_reason())
    return tuple(asked)


def _wish() -> MachineQuestion:
    choices = tuple(MachineChoice(id=intent.value, text=words) for intent, words in WISHES.items())
    text = "What does the customer want?"
    return MachineQuestion(id=INTENT, text=text, choices=choices, needed=True, task="returns.intent")


def _reason() -> MachineQuestion:
    choices = tuple(MachineChoice(id=reason.value, text=reason.value.replace("_", " ")) for reason in Reason)
    return MachineQuestion(id=REASON, text="Why, as far as they say?", choices=choices, task="returns.reason")


def _lines(order: Order) -> tuple[MachineQuestion, ...]:
    worth = worth_of(order)
    lines = [line for line in order.lines if worth.of(line.id).left]
    if not 0 < len(lines) <= MOST:
        return ()
    choices = tuple(MachineChoice(id=line.id, text=words_of(line)) for line in lines)
    text = "Which items, if it is about some?"
    return (MachineQuestion(id=LINES, text=text, choices=choices, several=True),)


def _details(reading: Reading, order: Order) -> tuple[MachineQuestion, ...]:
    """Return the questions of a reading in which only details are open: counts, and what instead."""
    asked, settled = [], set()
    for item in reading.wanted:
        if how_many(item.line) in reading.doubts:
            settled.add(how_many(item.line))
            asked.append(_count(item.line))
        if reading.intent is Intent.EXCHANGE and which_instead(item.line) in reading.doubts:
            settled.add(which_instead(item.line))
            asked.append(_variant(item.line, order))
    found = tuple(question for question in asked if 0 < len(question.choices) <= MOST)
    return found if found and len(found) == len(asked) and settled == set(reading.doubts) else ()


def how_many(line: OrderLine) -> str:
    """Return the doubt about how many pieces of a line are meant."""
    return f"how many of {line.name} are meant"


def _count(line: OrderLine) -> MachineQuestion:
    choices = tuple(MachineChoice(id=str(count), text=str(count)) for count in range(1, line.quantity + 1))
    return MachineQuestion(
        id=f"{COUNT}{line.id}", text=f"How many of {line.name}?", choices=choices, needed=True
    )


def _variant(line: OrderLine, order: Order) -> MachineQuestion:
    choices = tuple(
        MachineChoice(id=one.sku, text=options_of(one) or one.sku) for one in variants_for(line, order)
    )
    text = f"Which {line.name} do they want instead?"
    return MachineQuestion(id=f"{VARIANT}{line.id}", text=text, choices=choices, needed=True)


def clarified(known: Known, picked: Picked) -> Reading:
    """Return the reading with what a person said is meant; what they left open stays as it was read."""
    reading, order = known.reading, known.order
    if INTENT in picked or LINES in picked:
        reading = _as_wished(known, picked)
    wanted = tuple(_with_details(item, order, picked) for item in reading.wanted)
    reasons = picked.get(REASON, ())
    reason = Reason(reasons[0]) if reasons else reading.reason
    said = {how_many(item.line) for item in wanted if f"{COUNT}{item.line.id}" in picked}
    said |= {which_instead(item.line) for item in wanted if item.variant is not None}
    doubts = tuple(doubt for doubt in reading.doubts if doubt not in said)
    update = {
        "wanted": wanted,
        "reason": reason,
        "reason_known": bool(reasons) or reading.reason_known,
        "doubts": doubts,
        "settleable": (),
        "understood": not doubts,
        "proposed_by": "",
        "if_yes": None,
    }
    return reading.model_copy(update=update)


def _as_wished(known: Known, picked: Picked) -> Reading:
    """Return the reading with the wish and its lines as a person says; pieces are counted anew."""
    reading, order = known.reading, known.order
    intent = Intent(picked[INTENT][0]) if INTENT in picked else reading.intent
    lines = _meant(order, picked[LINES]) if LINES in picked else list(reading.lines)
    doubts: list[str] = []
    wanted: tuple[Wanted, ...] = ()
    if intent in NEEDS_ITEMS:
        wanted, unsure = with_quantities(known.request, order, lines)
        if unsure:
            doubts += [how_many(one.line) for one in wanted if one.quantity is None and one.line.quantity > 1]
        if not lines:
            doubts.append(WHICH_ITEMS)
    return reading.model_copy(update={"intent": intent, "wanted": wanted, "doubts": tuple(doubts)})


def _meant(order: Order, ids: Sequence[str]) -> list[OrderLine]:
    return [line for line in order.lines if line.id in ids]


def _with_details(item: Wanted, order: Order, picked: Picked) -> Wanted:
    """Return a line with the count and the variant that were picked for it; what is out of stock is not."""
    counts = picked.get(f"{COUNT}{item.line.id}", ())
    skus = picked.get(f"{VARIANT}{item.line.id}", ())
    variant = next((one for one in variants_for(item.line, order) if one.sku in skus), item.variant)
    quantity = int(counts[0]) if counts else item.quantity
    return item.model_copy(update={"quantity": quantity, "variant": variant})

"""What the desk makes of a customer's message: pure functions over the router's decisions."""

import re
from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.decision import Decision, Inquiry, Question
    from contracts.evidence import Evidence
    from contracts.frozen import Frozen
    from contracts.returns import DESK, Intent, Order, OrderLine, Reason, ReturnRequest, Variant

NEEDS_ITEMS = frozenset({Intent.RETURN, Intent.EXCHANGE})
_ORDER_NUMBER = re.compile(r"#?\b[A-Z]{1,4}-?\d{3,}\b")
_SENTENCE_END = re.compile(r"(?<=[.!?;\n])\s+")


class Wanted(Frozen):
    """One order line that the request is about, and what it shall be exchanged for."""

    line: OrderLine
    variant: Variant | None = None


class Reading(Frozen):
    """The request as understood.

    Attributes:
        understood: every decision behind it passed its calibrated threshold.
        doubts: what was not understood, in words for a person.
        proposed_by: the model that read the intent, as `name@version`.
    """

    intent: Intent
    reason: Reason
    wanted: tuple[Wanted, ...] = ()
    understood: bool = True
    doubts: tuple[str, ...] = ()
    proposed_by: str = ""

    @property
    def lines(self) -> tuple[OrderLine, ...]:
        """The order lines the request is about."""
        return tuple(item.line for item in self.wanted)


def part_about(message: str, order: str) -> str:
    """Return the sentences of `message` that speak of `order`, when it names several orders.

    A sentence that names no order belongs to the order named before it.
    """
    wanted = order.lstrip("#")
    names_in_all = {name.lstrip("#") for name in _ORDER_NUMBER.findall(message)}
    if wanted not in names_in_all or names_in_all == {wanted}:
        return message
    kept, current = [], ""
    for sentence in _SENTENCE_END.split(message.strip()):
        names = [name.lstrip("#") for name in _ORDER_NUMBER.findall(sentence)]
        current = wanted if wanted in names else (names[-1] if names else current)
        if current == wanted:
            kept.append(sentence)
    return " ".join(kept)


def part_naming(message: str, line: OrderLine, others: Sequence[OrderLine]) -> str:
    """Return the sentences that name `line`, when the request is about several; else all of it."""
    if not others:
        return message
    sentences = _SENTENCE_END.split(message.strip())
    naming = [sentence for sentence in sentences if line.name.lower() in sentence.lower()]
    return " ".join(naming) or message


def about_order(order: Order) -> tuple[Evidence, ...]:
    """Return what the channel says of the order, as facts that a decision stands on."""
    source = f"order:{order.channel}/{order.id}"
    paid = f"{order.paid_cents / 100:.2f} {order.currency}"
    head = Evidence(source=source, text=f"Order {order.id} is {order.status}; {paid} were paid.")
    lines = [
        Evidence(
            source=f"{source}/{line.id}",
            text=f"{line.quantity} x {words_of(line)} at {line.unit_price_cents / 100:.2f} {order.currency}",
        )
        for line in order.lines
    ]
    return (head, *lines)


def words_of(line: OrderLine) -> str:
    """Return how a customer would name an order line: its name, then its options."""
    return " ".join([line.name, *line.options.values()])


def options_of(variant: Variant) -> str:
    """Return how a customer would name a variant: its options."""
    return ", ".join(f"{name}: {value}" for name, value in sorted(variant.options.items()))


def first_questions(
    case_id: str, request: ReturnRequest, order: Order, evidence: tuple[Evidence, ...]
) -> Inquiry:
    """Ask what is wanted, why, and of which lines: one activity, one forward pass."""
    text = part_about(request.message, request.order)
    base = Question(task="", text=text, case_id=case_id, desk=DESK, evidence=evidence)
    lines = tuple(words_of(line) for line in order.lines)
    return Inquiry(
        case_id=case_id,
        step="read",
        questions=(
            base.model_copy(update={"task": "returns.intent"}),
            base.model_copy(update={"task": "returns.reason"}),
            base.model_copy(update={"task": "returns.items", "choices": lines}),
        ),
    )


def variant_questions(case_id: str, request: ReturnRequest, order: Order, reading: Reading) -> Inquiry:
    """Ask, for each line of an exchange, which variant of its product is wanted."""
    text = part_about(request.message, request.order)
    questions = []
    for item in reading.wanted:
        others = [line for line in reading.lines if line.id != item.line.id]
        questions.append(
            Question(
                task="returns.variant",
                text=part_naming(text, item.line, others),
                case_id=case_id,
                desk=DESK,
                choices=tuple(options_of(variant) for variant in variants_for(item.line, order)),
                evidence=(Evidence(source=f"order:{order.channel}/{order.id}", text=words_of(item.line)),),
            )
        )
    return Inquiry(case_id=case_id, step="variant", questions=tuple(questions))


def understand(request: ReturnRequest, order: Order, decisions: Sequence[Decision]) -> Reading:
    """Put the answers to `first_questions` together; an unsure reason is simply not stated."""
    intent, reason, items = decisions
    doubts = [] if intent.outcome == "answered" else [f"what is wanted: {intent.outcome}"]
    found = Intent(_label(intent)) if _label(intent) in set(Intent) else Intent.OTHER
    wanted: tuple[OrderLine, ...] = ()
    if found in NEEDS_ITEMS:
        wanted = _picked_lines(request, order, items)
        if not wanted or (items.outcome != "answered" and not request.items):
            doubts.append("which items are meant")
    stated = _label(reason) if reason.outcome == "answered" else ""
    return Reading(
        intent=found,
        reason=Reason(stated) if stated in set(Reason) else Reason.UNSTATED,
        wanted=tuple(Wanted(line=line) for line in wanted),
        understood=not doubts,
        doubts=tuple(doubts),
        proposed_by=f"{intent.provenance.name}@{intent.provenance.version[:12]}",
    )


def as_of(order: Order, reading: Reading) -> Reading:
    """Return the reading with its lines as the order shows them now; a line that is gone stays as it was."""
    now = {line.id: line for line in order.lines}
    wanted = tuple(
        item.model_copy(update={"line": now.get(item.line.id, item.line)}) for item in reading.wanted
    )
    return reading.model_copy(update={"wanted": wanted})


def with_variants(order: Order, reading: Reading, decisions: Sequence[Decision]) -> Reading:
    """Add the answers to `variant_questions`; a line without one is left in doubt."""
    wanted, doubts = [], list(reading.doubts)
    for item, decision in zip(reading.wanted, decisions, strict=True):
        variants = variants_for(item.line, order)
        index = next(iter(_picked(decision, len(variants))), None)
        wanted.append(Wanted(line=item.line, variant=None if index is None else variants[index]))
        if index is None or decision.outcome != "answered":
            doubts.append(f"which {item.line.name} is wanted instead")
    update = {"wanted": tuple(wanted), "doubts": tuple(doubts), "understood": not doubts}
    return reading.model_copy(update=update)


def variants_for(line: OrderLine, order: Order) -> tuple[Variant, ...]:
    """Return what a line can be exchanged for: the same product, in stock; the same again stands last."""
    had = [variant for variant in order.variants if variant.product == line.product and variant.available > 0]
    # A decision names a place in this list, so the others keep the places that older cases gave them.
    return tuple(sorted(had, key=lambda variant: variant.sku == line.sku))


def _picked_lines(request: ReturnRequest, order: Order, decision: Decision) -> tuple[OrderLine, ...]:
    if request.items:
        return tuple(line for line in order.lines if line.id in request.items)
    return tuple(order.lines[index] for index in _picked(decision, len(order.lines)))


def _picked(decision: Decision, size: int) -> list[int]:
    answer = (decision.answer or {}).get("picked", [])
    indexes = [index for index in answer if isinstance(index, int)] if isinstance(answer, list) else []
    return [index for index in indexes if 0 <= index < size]


def _label(decision: Decision) -> str:
    return str((decision.answer or {}).get("label", ""))

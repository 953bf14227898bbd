"""What the desk makes of a customer's message: pure functions over the router's decisions."""

import re
from collections.abc import Collection, Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from contracts.decision import Decision, Inquiry, Question
    from contracts.evidence import Evidence
    from contracts.money import money_text
    from contracts.photo import Photo
    from workflows.returns.matching.quantities import Bought, asked_quantities
    from workflows.returns.types import ASKS, DESK, Intent, Order, OrderLine, Reason, ReturnRequest, Variant
    from workflows.returns.wishes.parts import parts

MOST_EXCHANGED = 20
"""Lines of one exchange: each is a question of its own, and more are a person's."""
MOST_EVIDENCE_CHARS = 50_000
"""What is said of an order's lines as evidence; the choices of a question name them all."""
MOST_DOUBTS = 20
"""That a person is told of one case."""
NEEDS_ITEMS = frozenset({Intent.RETURN, Intent.EXCHANGE})
MOVES_MONEY = frozenset({Intent.RETURN, Intent.EXCHANGE, Intent.CANCEL})
WHAT_IS_WANTED, WHICH_ITEMS = "what is wanted", "which items are meant"
_SENTENCE_END = re.compile(r"(?<=[.!?;\n])\s+")


class Wanted(Frozen):
    """One order line that the request is about, and what it shall be exchanged for.

    Attributes:
        quantity: how many pieces of it; None means all that can still come back.
    """

    line: OrderLine
    quantity: int | None = None
    variant: Variant | None = None


class Reading(Frozen):
    """The request as understood.

    Attributes:
        reason_known: why was read as surely as what; else the reason is `unstated`.
        exact, claims: pieces and money are reckoned to the last one, and what is not certain is a doubt; a
            fault is a claim of its own. Each False in cases that an earlier version began.
        repair, photos: what comes back is repaired and sent back, no money moves; pictures of it.
        understood: every decision behind it passed its calibrated threshold.
        doubts: what was not understood, in words for a person.
        settleable: those of them that a second reading may settle; whether it is asked for at all is none.
        proposed_by: the model that read the intent, as `name@version`.
        also: what else is wished for the same order, in the sequence in which it is done.
        address: where the order shall go instead, as the customer wrote it.
        method: how the order, or the difference, shall be paid.
        elsewhere: the numbers of other orders for which the message wishes something, too.
        language: the customer's, two letters; empty if nobody said.
        if_yes: what is meant, if the customer says so when they are asked; None leaves it to a person.
    """

    intent: Intent
    reason: Reason
    wanted: tuple[Wanted, ...] = ()
    reason_known: bool = True
    exact: bool = True
    claims: bool = False
    repair: bool = False
    photos: tuple[Photo, ...] = ()
    understood: bool = True
    doubts: tuple[str, ...] = ()
    settleable: tuple[str, ...] = ()
    proposed_by: str = ""
    also: "tuple[Reading, ...]" = ()
    address: str = ""
    method: str = ""
    elsewhere: tuple[str, ...] = ()
    language: str = ""
    if_yes: "Reading | None" = None

    @property
    def each(self) -> "tuple[Reading, ...]":
        """Every wish for this order, each as a reading of its own."""
        return (self.model_copy(update={"also": ()}), *self.also)

    @property
    def wants_variants(self) -> bool:
        """Whether it is an exchange of which it is still to be read what is wanted instead."""
        return self.intent == Intent.EXCHANGE and any(item.variant is None for item in self.wanted)

    @property
    def lines(self) -> tuple[OrderLine, ...]:
        """The order lines the request is about."""
        return tuple(item.line for item in self.wanted)


def part_about(message: str, order: str) -> str:
    """Return the sentences of `message` that speak of `order`, when it names several orders.

    A sentence that names no order belongs to the order named before it. A number of another form than
    `order` is a model's or an invoice's.
    """
    wanted, number = order.lstrip("#"), _numbers_like(order)
    names_in_all = {name.lstrip("#") for name in number.findall(message)}
    if wanted not in names_in_all or names_in_all == {wanted}:
        return message
    kept, current = [], ""
    for sentence in _SENTENCE_END.split(message.strip()):
        names = [name.lstrip("#") for name in number.findall(sentence)]
        current = wanted if wanted in names else (names[-1] if names else current)
        if current == wanted:
            kept.append(sentence)
    return " ".join(kept)


def numbers_beside(message: str, order: str) -> tuple[str, ...]:
    """Return what else `message` names that may be an order's number: it has the form of `order`'s."""
    sign, own = "#" if order.startswith("#") else "", order.lstrip("#")
    found = dict.fromkeys(name.lstrip("#") for name in _numbers_like(order).findall(message))
    return tuple(f"{sign}{name}" for name in found if name != own)


def named_in(message: str, order: str) -> bool:
    """Say whether `message` names `order` by its number, with its sign or without."""
    return bool(re.search(rf"(?<![\w-])#?{re.escape(order.lstrip('#'))}(?![\w-])", message, re.I))


def own_words(request: ReturnRequest, others: Collection[str]) -> ReturnRequest:
    """Return the request with the clauses that speak of its order, or of none, where others are named, too.

    Args:
        request: the request.
        others: the numbers of other orders that its message names.
    """
    if not others:
        return request
    own = request.order
    cut = parts(request.message, [own, *others])
    kept = [each.text for each in cut if own in each.orders or not (each.orders or each.elsewhere)]
    return request.model_copy(update={"message": ". ".join(kept) or request.message})


def _numbers_like(order: str) -> re.Pattern[str]:
    """Return what finds order numbers of the same form: the same letters, as many digits or one off."""
    form = re.fullmatch(r"#?(?P<letters>[^\W\d_]*)(?P<between>[^\w]?)(?P<digits>\d+)", order)
    if form is None:
        return re.compile(rf"{re.escape(order)}(?!\w)")
    count = len(form["digits"])
    digits = rf"\d{{{max(1, count - 1)},{count + 1}}}"
    return re.compile(rf"#?(?<!\w){re.escape(form['letters'] + form['between'])}{digits}(?!\w)")


def part_naming(message: str, line: OrderLine, others: Sequence[OrderLine]) -> str:
    """Return the sentences that name `line`, when the request is about several; else all of it."""
    if not others:
        return message
    sentences = _SENTENCE_END.split(message.strip())
    naming = [sentence for sentence in sentences if line.name.lower() in sentence.lower()]
    return " ".join(naming) or message


def about_order(order: Order, first: Collection[OrderLine] = ()) -> tuple[Evidence, ...]:
    """Return what the channel says of the order, as facts that a decision stands on.

    Args:
        order: the order; of one with thousands of lines, `MOST_EVIDENCE_CHARS` are told, the rest counted.
        first: its lines that are told before the others.
    """
    source = f"order:{order.channel}/{order.id}"
    paid = money_text(order.paid_cents, order.currency)
    head = Evidence(source=source, text=f"Order {order.id} is {order.status}; {paid} were paid.")
    ids, told, left = {line.id for line in first}, [head], MOST_EVIDENCE_CHARS
    for at, line in enumerate(sorted(order.lines, key=lambda line: line.id not in ids)):
        price = money_text(line.unit_price_cents, order.currency)
        text = f"{line.quantity} x {words_of(line)} at {price}"
        left -= len(text)
        if left < 0:
            told.append(Evidence(source=source, text=f"It has {len(order.lines) - at} more lines."))
            break
        told.append(Evidence(source=f"{source}/{line.id}", text=text))
    return tuple(told)


def words_of(line: OrderLine) -> str:
    """Return how a customer would name an order line: its name, then its options."""
    return " ".join([line.name, *line.options.values()])


def options_of(variant: Variant) -> str:
    """Return how a customer would name a variant: its options."""
    return ", ".join(f"{name}: {value}" for name, value in sorted(variant.options.items()))


def first_questions(
    case_id: str,
    request: ReturnRequest,
    order: Order,
    evidence: tuple[Evidence, ...],
    *,
    asks: str | None = None,
) -> Inquiry:
    """Ask what is wanted, why, of which lines, and whether it is asked for at all: one activity.

    `asks` is the whole message; None for a case that began before the last question was asked.
    """
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
            *((base.model_copy(update={"task": ASKS, "text": asks}),) if asks is not None else ()),
        ),
    )


def which_instead(line: OrderLine) -> str:
    """Return the doubt about what a line shall be exchanged for."""
    return f"which {line.name} is wanted instead"


def variant_questions(
    case_id: str, request: ReturnRequest, order: Order, reading: Reading, step: str = "variant"
) -> Inquiry:
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
    return Inquiry(case_id=case_id, step=step, questions=tuple(questions))


def understand(
    request: ReturnRequest, order: Order, decisions: Sequence[Decision], *, exact: bool = True
) -> Reading:
    """Put the answers to `first_questions` together; an unsure reason is simply not stated.

    Args:
        request: the request.
        order: its order.
        decisions: the answers, in the order of the questions.
        exact: read how many pieces are meant, too; cases that an earlier version began mean all.
    """
    intent, reason, items, *asks = decisions
    doubts = [] if intent.outcome == "answered" else [f"{WHAT_IS_WANTED}: {_why_open(intent)}"]
    settleable = {*doubts, WHICH_ITEMS}
    found = Intent(label_of(intent)) if label_of(intent) in set(Intent) else Intent.OTHER
    if found in MOVES_MONEY:
        doubts += unasked(asks)
    wanted: tuple[Wanted, ...] = ()
    if found in NEEDS_ITEMS:
        lines = _picked_lines(request, order, items)
        if not lines or (items.outcome != "answered" and not request.items):
            doubts.append(WHICH_ITEMS)
        wanted = tuple(Wanted(line=line) for line in lines)
        if exact:
            wanted, uncounted = with_quantities(request, order, lines)
            doubts += uncounted
    if found == Intent.EXCHANGE and len(wanted) > MOST_EXCHANGED:
        doubts.append(f"what {len(wanted)} lines are to be exchanged for")
    stated = label_of(reason) if reason.outcome == "answered" else ""
    return Reading(
        intent=found,
        reason=Reason(stated) if stated in set(Reason) else Reason.UNSTATED,
        wanted=wanted,
        reason_known=reason.outcome == "answered",
        exact=exact,
        understood=not doubts,
        doubts=_few(doubts),
        settleable=tuple(doubt for doubt in doubts if doubt in settleable),
        proposed_by=f"{intent.provenance.name}@{intent.provenance.version[:12]}",
        language=next((said for decision in asks if (said := said_in(decision, "language"))), ""),
    )


def with_quantities(
    request: ReturnRequest, order: Order, lines: Sequence[OrderLine]
) -> tuple[tuple[Wanted, ...], list[str]]:
    """Return each line with how many pieces are meant, and what is not certain of that.

    A form's number counts; what it leaves open is read from the message.
    """
    named = {line.id for line in order.lines}
    doubts = [f"the order has no line {item.line}" for item in request.items if item.line not in named]
    in_form = _in_form(request)
    bought = [
        Bought(name=line.name, options=" ".join(line.options.values()), quantity=line.quantity)
        for line in order.lines
    ]
    place_of = {id(line): place for place, line in enumerate(order.lines)}
    places = [place_of[id(line)] for line in lines]
    wanted = []
    for line, asked in zip(
        lines, asked_quantities(part_about(request.message, request.order), bought, places), strict=True
    ):
        quantity = in_form.get(line.id)
        if quantity is None and asked.doubt:
            doubts.append(asked.doubt)
        wanted.append(Wanted(line=line, quantity=quantity or asked.quantity))
    return tuple(wanted), doubts


def _few(doubts: Sequence[str]) -> tuple[str, ...]:
    """Return the doubts for a person; of very many the first."""
    more = len(doubts) - MOST_DOUBTS
    return (*doubts[:MOST_DOUBTS], f"{more} more doubts") if more > 0 else tuple(doubts)


def _in_form(request: ReturnRequest) -> dict[str, int]:
    """Return how many pieces a form asks for of each line, where it says so."""
    found: dict[str, int] = {}
    for item in request.items:
        if item.quantity is not None:
            found[item.line] = found.get(item.line, 0) + item.quantity
    return found


def as_of(order: Order, reading: Reading) -> Reading:
    """Return the reading with its lines as the order shows them now; a line that is gone stays as it was."""
    now = {line.id: line for line in order.lines}
    wanted = tuple(
        item.model_copy(update={"line": now.get(item.line.id, item.line)}) for item in reading.wanted
    )
    also = tuple(as_of(order, each) for each in reading.also)
    if_yes = as_of(order, reading.if_yes) if reading.if_yes else None
    return reading.model_copy(update={"wanted": wanted, "also": also, "if_yes": if_yes})


def with_variants(order: Order, reading: Reading, decisions: Sequence[Decision]) -> Reading:
    """Add the answers to `variant_questions`; a line without one is left in doubt."""
    wanted, doubts = [], list(reading.doubts)
    for item, decision in zip(reading.wanted, decisions, strict=True):
        variants = variants_for(item.line, order)
        index = next(iter(_picked(decision, len(variants))), None)
        wanted.append(item.model_copy(update={"variant": None if index is None else variants[index]}))
        if index is None or decision.outcome != "answered":
            doubts.append(which_instead(item.line))
    update = {"wanted": tuple(wanted), "doubts": tuple(doubts), "understood": not doubts}
    return reading.model_copy(update=update)


def variants_for(line: OrderLine, order: Order) -> tuple[Variant, ...]:
    """Return what a line can be exchanged for: the same product, in stock; the same again stands last."""
    had = [variant for variant in order.variants if variant.product == line.product and variant.available > 0]
    # A decision names a place in this list, so the others keep the places that older cases gave them.
    return tuple(sorted(had, key=lambda variant: variant.sku == line.sku))


def _picked_lines(request: ReturnRequest, order: Order, decision: Decision) -> tuple[OrderLine, ...]:
    if request.items:
        named = {item.line for item in request.items}
        return tuple(line for line in order.lines if line.id in named)
    return tuple(order.lines[index] for index in _picked(decision, len(order.lines)))


def unasked(asks: Sequence[Decision]) -> list[str]:
    """Return why the message does not plainly ask for it; money moves only on a plain request."""
    doubts: list[str] = []
    for decision in asks:
        if decision.outcome != "answered" or label_of(decision) != "asks":
            said = (decision.answer or {}).get("doubts")
            doubts += (
                map(str, said) if isinstance(said, list) and said else ["whether it is asked for at all"]
            )
    return doubts


def _picked(decision: Decision, size: int) -> list[int]:
    answer = (decision.answer or {}).get("picked", [])
    indexes = [index for index in answer if isinstance(index, int)] if isinstance(answer, list) else []
    return [index for index in indexes if 0 <= index < size]


def _why_open(decision: Decision) -> str:
    foreign = f"it is written in {decision.foreign!r}, in which no local answer counts"
    return foreign if decision.foreign else decision.outcome


def label_of(decision: Decision) -> str:
    """Return the label that was decided on; empty if none was."""
    return said_in(decision, "label")


def said_in(decision: Decision, field: str) -> str:
    """Return a field of an answer as text; empty if there is none."""
    return str((decision.answer or {}).get(field, ""))

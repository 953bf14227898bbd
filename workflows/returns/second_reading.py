"""Two readings of one message: what they say together."""

from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.decision import TOO_LARGE, Decision, Inquiry, Question
    from workflows.returns.comparison import (
        INTENTS,
        MISSING,
        OF_ASKING,
        ON_WHICH_CONDITION,
        elsewhere_of,
        objections,
        reading_of,
    )
    from workflows.returns.reading import (
        MOVES_MONEY,
        NEEDS_ITEMS,
        Reading,
        Wanted,
        numbers_beside,
        unasked,
        with_quantities,
    )
    from workflows.returns.types import (
        CHANGES,
        DESK,
        WISHES,
        Intent,
        Order,
        OrderLine,
        Reason,
        ReturnRequest,
        Variant,
    )
    from workflows.returns.wishes.acceptance import forbidden
    from workflows.returns.wishes.conditions import CONDITIONAL, CONDITIONS
    from workflows.returns.wishes.letter import Gap, Kind, OrderReading, Wish

MOST_ORDERS = 5
"""That a message may name besides its own: more are read by nobody but a person."""
SAYS_MORE = ("swap_in_return", "outside", "conflict")
"""Signs of a letter that names a variant beside a return, or items that no wish was read for."""
SEQUENCE = (Intent.CHANGE_ADDRESS, Intent.CHANGE_PAYMENT, Intent.CHANGE_ITEMS)
"""In which changes of one order are done; some channels change no order whose items were changed."""


def letter_question(
    case_id: str, request: ReturnRequest, order: Order, others: Sequence[Order] = ()
) -> Inquiry:
    """Ask for all that the message wishes for its order, and for others that it names, read together."""
    question = Question(
        task=WISHES,
        text=request.message,
        case_id=case_id,
        desk=DESK,
        choices=tuple(each.model_dump_json() for each in (order, *others) if each.customer == order.customer),
    )
    return Inquiry(case_id=case_id, step="letter", questions=(question,))


def together(
    request: ReturnRequest,
    order: Order,
    reading: Reading,
    letter: Decision,
    asks: Sequence[Decision] = (),
    *,
    unsure_counts: bool = True,
    signs_count: bool = True,
) -> Reading:
    """Return what both readings say: a difference is a doubt, and agreement settles what one was unsure of.

    Args:
        request: the request.
        order: its order.
        reading: by the desk's single questions.
        letter: the answer to `letter_question`.
        asks: whether the message asks for anything at all.
        unsure_counts: a letter's reading that does not stand by itself may still say otherwise; False: as
            cases of earlier versions did.
        signs_count: what forbids such a reading to stand is a doubt; False: as cases of earlier versions did.
    """
    if against := objections(order, reading, letter, asks):
        return _doubted(reading, *against)
    found = reading_of(letter.answer)
    stands = letter.outcome == "answered"
    if found and stands and all(INTENTS[wish.kind] in CHANGES for wish in found.wishes):
        return _changes(request, order, reading, found.wishes, unasked(asks))
    # Only a letter that was read evaluates the condition that its guard has passed over.
    lost = found is None and any((asked.answer or {}).get(CONDITIONAL) for asked in asks)
    if found is None or reading.intent not in MOVES_MONEY:
        return _doubted(reading, ON_WHICH_CONDITION) if lost else reading
    if stands and (len(found.wishes) > 1 or found.signs.get(CONDITIONAL)):
        return _several(request, order, reading, found)
    doubt = _left_out(found, stands=stands)
    if not doubt and (stands or unsure_counts):
        # Of a form's items an unsure reading of the words says nothing.
        doubt = _difference(order, reading, found, items=stands or not request.items)
    if not doubt and signs_count:
        doubt = forbidding(letter)
    if doubt:
        return _doubted(reading, doubt)
    settles = stands and not request.items and not reading.understood
    settles = settles and set(reading.doubts) <= set(reading.settleable)
    return _settled(request, order, reading, found.wishes[0]) if settles else reading


def forbidding(letter: Decision) -> str:
    """Return what forbids a reading that is not sure to stand by itself, for a person; empty if nothing does.

    What was only not found, and whether it is asked for, is left to the desk's single questions.
    """
    found = reading_of(letter.answer)
    if found is None or letter.outcome == "answered":
        return ""
    signs = [sign for sign in forbidden(found) if sign not in MISSING | OF_ASKING]
    if not signs:
        return ""
    named = ", ".join(sign.replace("_", " ") for sign in signs)
    return "; ".join([f"the letter does not stand by itself: {named}", *found.doubts])


def unread(request: ReturnRequest, letter: Decision) -> bool:
    """Say whether nobody read the letter, which should have been: the questions alone then settle nothing."""
    too_large = any(step.why == TOO_LARGE for step in letter.provenance.route)
    return letter.answer is None and not request.items and not too_large


def read_by_nobody(reading: Reading) -> Reading:
    """Return the reading for a person."""
    return _doubted(reading, "the letter as a whole was read by nobody")


def meant(request: ReturnRequest, order: Order, reading: Reading, letter: Decision) -> Reading | None:
    """Return what the letter wishes, should its customer say that they mean it; None: they are not asked.

    Args:
        request: the request.
        order: its order.
        reading: by the desk's single questions; its reason counts.
        letter: the answer to `letter_question`.
    """
    found = reading_of(letter.answer)
    asks = found is not None and found.question is not None and found.question.gap is Gap.CONFIRM
    if found is None or not asks or request.items:
        return None
    kinds = [INTENTS[wish.kind] for wish in found.wishes]
    update = {"intent": Intent.OTHER, "wanted": (), "doubts": (), "settleable": (), "understood": True}
    bare = reading.model_copy(update=update)
    if all(kind in CHANGES for kind in kinds):
        made = _changes(request, order, bare, found.wishes, ())
    elif any(kind in CHANGES for kind in kinds) or any(
        kind in NEEDS_ITEMS and not wish.pieces for kind, wish in zip(kinds, found.wishes, strict=True)
    ):
        return None
    else:
        made = _each_settled(request, order, bare, found.wishes)
    return made if made.understood else None


def _doubted(reading: Reading, *doubts: str) -> Reading:
    return reading.model_copy(update={"doubts": (*reading.doubts, *doubts), "understood": False})


def _left_out(found: OrderReading, *, stands: bool) -> str:
    """Return what the letter says that the single questions have no word for; empty if nothing."""
    if not stands and (found.signs.get(CONDITIONAL) or found.signs.get(CONDITIONS)):
        return "; ".join(found.doubts) or ON_WHICH_CONDITION
    kinds = list(dict.fromkeys(wish.kind for wish in found.wishes))
    if more := [kind.value for kind in kinds if INTENTS[kind] in CHANGES]:
        return f"the letter also wishes: {', '.join(more)}"
    if len(kinds) > 1 or found.signs.get("both_kinds"):
        return "the letter wishes several things, and which of which items is not certain"
    return ""


def _difference(order: Order, reading: Reading, found: OrderReading, *, items: bool) -> str:
    """Return what the letter says otherwise than the single questions, for a person; empty if nothing.

    Args:
        order: the order.
        reading: by the single questions.
        found: what the letter says.
        items: compare the items, too.
    """
    if items and any(found.signs.get(sign) for sign in SAYS_MORE):
        return "the letter says more of its items than was understood"
    for wish in found.wishes:
        if INTENTS[wish.kind] is not reading.intent:
            return f"one reading says {reading.intent.value}, the other {wish.kind.value}"
        named = {line.id for line in _lines(order, wish)} if items and reading.understood else set()
        if named and {line.id for line in reading.lines} != named:
            return "two readings name different items"
    return ""


def _several(request: ReturnRequest, order: Order, reading: Reading, read: OrderReading) -> Reading:
    """Return a reading for each wish: which things and variants the letter says, whether at all, both."""
    wishes = read.wishes
    doubts = [doubt for doubt in reading.doubts if doubt not in reading.settleable]
    if request.items:
        doubts.append("a form names the items, and the letter wishes several things")
    if more := [wish.kind.value for wish in wishes if INTENTS[wish.kind] in CHANGES]:
        doubts.append(f"the letter also wishes: {', '.join(more)}")
    heard = {INTENTS[wish.kind] for wish in wishes}
    if reading.intent not in heard | ({Intent.EXCHANGE} if read.signs.get(CONDITIONAL) else set()):
        doubts.append(f"one reading says {reading.intent.value}, the other {wishes[0].kind.value}")
    unsure = reading.model_copy(update={"doubts": tuple(doubts), "understood": not doubts})
    return unsure if doubts else _each_settled(request, order, unsure, wishes)


def _each_settled(request: ReturnRequest, order: Order, bare: Reading, wishes: Sequence[Wish]) -> Reading:
    """Return a reading for each wish, as one."""
    first, *more_readings = (
        _settled(request, order, bare.model_copy(update={"intent": INTENTS[wish.kind]}), wish)
        for wish in wishes
    )
    found = [doubt for each in (first, *more_readings) for doubt in each.doubts]
    update = {"also": tuple(more_readings), "doubts": tuple(dict.fromkeys(found)), "understood": not found}
    return first.model_copy(update=update)


def _changes(
    request: ReturnRequest, order: Order, reading: Reading, wishes: Sequence[Wish], against: Sequence[str]
) -> Reading:
    """Return a reading for each change of an order that has not left; the single questions know none."""
    doubts = list(against)
    if request.items:
        doubts.append("a form names the items, and the letter wishes a change of the order")
    if reading.understood and reading.intent in (Intent.CANCEL, Intent.RETURN):
        doubts.append(f"one reading says {reading.intent.value}, the other {wishes[0].kind.value}")
    bare = reading.model_copy(update={"wanted": (), "doubts": tuple(doubts), "understood": not doubts})
    first, *others = sorted(
        (_change(request, order, bare, wish) for wish in wishes), key=lambda each: SEQUENCE.index(each.intent)
    )
    found = tuple(dict.fromkeys(doubt for each in (first, *others) for doubt in each.doubts))
    return first.model_copy(update={"also": tuple(others), "doubts": found, "understood": not found})


def _change(request: ReturnRequest, order: Order, bare: Reading, wish: Wish) -> Reading:
    update = {"intent": INTENTS[wish.kind], "address": wish.address, "method": wish.method}
    made = bare.model_copy(update={**update, "reason": Reason.UNSTATED})
    if wish.kind is not Kind.CHANGE_ITEMS or bare.doubts:
        return made
    settled = _settled(request, order, made, wish)
    parts = [item.line.name for item in settled.wanted if item.quantity not in (None, item.line.quantity)]
    if not parts:
        return settled
    doubts = (*settled.doubts, f"only some pieces of {', '.join(parts)} shall be changed")
    return settled.model_copy(update={"doubts": doubts, "understood": False})


def _settled(request: ReturnRequest, order: Order, reading: Reading, wish: Wish) -> Reading:
    wanted, doubts = with_quantities(request, order, _lines(order, wish))
    bought = {variant.sku: variant for variant in order.variants}
    chosen = {piece.line: bought[piece.sku] for piece in wish.pieces if piece.sku in bought}
    with_variants = tuple(_with(item, chosen) for item in wanted)
    update = {"wanted": with_variants, "doubts": tuple(doubts), "understood": not doubts}
    return reading.model_copy(update=update)


def _with(item: Wanted, chosen: dict[str, Variant]) -> Wanted:
    return item.model_copy(update={"variant": chosen.get(item.line.id)})


def _lines(order: Order, wish: Wish) -> tuple[OrderLine, ...]:
    named = {piece.line for piece in wish.pieces}
    return tuple(line for line in order.lines if line.id in named)


def beside(
    request: ReturnRequest, order: Order, reading: Reading, letter: Decision, others: Sequence[Order]
) -> Reading:
    """Return the reading with the other orders that the letter wishes something for; each is a case.

    Args:
        request: the request, with the whole message.
        order: the order that it is about.
        reading: what is wished for it.
        letter: the answer to `letter_question`.
        others: orders that the message names, too, as their channel tells them.
    """
    found = elsewhere_of(letter.answer)
    theirs = {each.id for each in others if each.customer != order.customer}
    wished = tuple(each.order for each in found if each.wishes)
    named = len(numbers_beside(request.message, request.order))
    doubts = [f"it names {named} other orders"] if named > MOST_ORDERS else []
    doubts += [f"it speaks of order {number}, which is another customer's" for number in sorted(theirs)]
    doubts += [f"what is wished for order {each.order}" for each in found if not each.wishes]
    if wished and reading_of(letter.answer) is None and reading.intent in MOVES_MONEY:
        doubts.append("whether anything is wished for this order, or only for others")
    if not doubts:
        return reading.model_copy(update={"elsewhere": wished})
    update = {"elsewhere": wished, "doubts": (*reading.doubts, *doubts), "understood": False}
    return reading.model_copy(update=update)

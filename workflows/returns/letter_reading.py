"""A letter is read: what is asked, why, of which lines, and what is wanted instead."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.memory import Context
    from workflows.kernel.case import CaseRun
    from workflows.returns.contradictions import count_doubts
    from workflows.returns.not_received import arrival_doubts
    from workflows.returns.open_remedy import remedy_missing
    from workflows.returns.order_reads import EXACT, OrderReads
    from workflows.returns.price_cuts import cut_doubts
    from workflows.returns.reading import (
        MOST_EXCHANGED,
        Reading,
        about_order,
        first_questions,
        own_words,
        understand,
        variant_questions,
        with_variants,
    )
    from workflows.returns.repair_reading import repair_wished
    from workflows.returns.second_reading import (
        beside,
        forbidding,
        letter_question,
        meant,
        read_by_nobody,
        together,
        unread,
    )
    from workflows.returns.types import Order
    from workflows.returns.whole_cancel import doubting, part_doubts
    from workflows.returns.wishes.repairs import asks_for_repair

CLAIMS = "a-fault-is-a-claim"
"""Cases of an earlier version settle a price difference of whatever is exchanged, as they began."""

REPAIRS = "a-repair-is-a-wish"
"""Cases of an earlier version know no repair."""

SIGNS_COUNT = "a-forbidding-sign-is-a-doubt"
"""Cases of an earlier version go on where the letter's own reading was forbidden to stand."""

COUNTS_AGREE = "counts-agree"
"""Cases of an earlier version take a form's number, whatever the text says, and `both` of three as two."""

REMEDIES = "asks-which-remedy"
"""Cases of an earlier version give a fault without a wish to a person, as they began."""

NEVER_CAME = "what-never-came-does-not-come-back"
"""Cases of an earlier version lead what never reached its customer the way of a return."""

IN_PART = "a-part-of-the-price-is-not-all-of-it"
"""Cases of an earlier version refund the whole price to who asks for a part of it."""

WHOLE_CANCELS = "a-part-is-not-the-whole"
"""Cases of an earlier version cancel the whole order whatever part of it a letter or a form names."""


async def read_letter(
    case: CaseRun, orders: OrderReads, order: Order, context: Context, *, first: bool
) -> Reading:
    """Decide what is asked, part by part, and again as a whole; where the two differ, a person reads it.

    Args:
        case: whose letter it is; it learns the customer and the currency.
        orders: reads the other orders that the letter names.
        order: as the channel told it.
        context: what memory has to say.
        first: of the letter's cases: the reading tells what it wishes for other orders, too.
    """
    case.file.customer, case.file.currency = order.customer, order.currency
    case_id, evidence, asked = case.file.case_id, (*about_order(order), *context.evidence), orders.request
    asks = asked.message if workflow.patched("reads-whether-it-is-asked") else None
    whole = workflow.patched("reads-the-letter-as-a-whole")
    others = await orders.others() if whole else []
    request = own_words(asked, [each.id for each in others])
    decisions = await case.decide(first_questions(case_id, request, order, evidence, asks=asks))
    if asks_for_repair(asked.message) and workflow.patched(REPAIRS):
        letters = await case.decide(letter_question(case_id, asked, order, others)) if whole else [None]
        return repair_wished(asked, order, decisions, letters[0])
    reading = understand(request, order, decisions, exact=workflow.patched(EXACT))
    reading = reading.model_copy(update={"claims": workflow.patched(CLAIMS)})
    if whole:
        [letter] = await case.decide(letter_question(case_id, asked, order, others))
        faulty = remedy_missing(asked, order, decisions, letter)
        if faulty and first and workflow.patched(REMEDIES):
            return faulty
        if unread(asked, letter) and workflow.patched("a-letter-read-by-nobody"):
            reading = read_by_nobody(reading)
        unsure_counts = workflow.patched("an-unsure-letter-counts")
        signs_count = bool(forbidding(letter)) and workflow.patched(SIGNS_COUNT)
        reading = together(
            request,
            order,
            reading,
            letter,
            decisions[3:],
            unsure_counts=unsure_counts,
            signs_count=signs_count,
        )
        alone = reading.doubts
        if first:
            reading = beside(asked, order, reading, letter, others)
        if alone and reading.doubts == alone:
            reading = reading.model_copy(update={"if_yes": meant(request, order, reading, letter)})
    partly = part_doubts(request, order, reading)
    if partly and workflow.patched(WHOLE_CANCELS):
        reading = doubting(reading, partly)
    absent = arrival_doubts(request, order, reading)
    if absent and workflow.patched(NEVER_CAME):
        reading = doubting(reading, absent)
    cut = cut_doubts(request, reading)
    if cut and workflow.patched(IN_PART):
        reading = doubting(reading, cut)
    counted = count_doubts(request, order, reading)
    if counted and workflow.patched(COUNTS_AGREE):
        reading = doubting(reading, counted)
    if reading.wants_variants and len(reading.wanted) <= MOST_EXCHANGED:
        found = await case.decide(variant_questions(case_id, request, order, reading))
        reading = with_variants(order, reading, found)
    return reading

"""Where one fact is missing that the customer could name: what they are asked, and what they answer."""

from dataclasses import replace

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.reply import CustomerQuestion, QuestionsCarry, ReplyChoice, ReplyEnd
    from workflows.kernel.case import CaseRun
    from workflows.kernel.customer_questions import NOT_LET, SILENT, CustomerQuestions
    from workflows.returns.changes import said
    from workflows.returns.open_remedy import REMEDIES, WHICH_REMEDY, choices_of, remedied
    from workflows.returns.order_reads import OrderReads
    from workflows.returns.plan import Known, message_plan
    from workflows.returns.proposals import Proposals
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
    from workflows.returns.remedies import ground_of, photographed
    from workflows.returns.sums import sum_of
    from workflows.returns.types import Intent
    from workflows.returns.wishes.acts import families
    from workflows.returns.wishes.guard import NOTHING_ASKED, doubts
    from workflows.returns.wishes.letter import Gap
    from workflows.returns.worth import worth_of

FEWEST, MOST = 2, 12
"""Choices of a question: with one there is nothing to ask, and more nobody reads."""
YES_NO = (ReplyChoice(id="yes", text="yes"), ReplyChoice(id="no", text="no"))
"""How a reply is read; what the customer reads is the office's text."""
OUT_OF_STOCK = "what the customer chose is not in stock any more"
NO_GUESS = "silence-chooses-no-items"
"""Cases of an earlier version put to people what they took for the likeliest items, as they began."""


class AskingBack:
    """The questions of one return to its customer. Make it in `@workflow.init`.

    Attributes:
        customer: through whom all of them go.
    """

    def __init__(
        self, case: CaseRun, orders: OrderReads, proposals: Proposals, carried: QuestionsCarry | None
    ) -> None:
        """Ask nothing yet, or take up what an earlier run of the case has asked."""
        self._case = case
        self._orders = orders
        self._proposals = proposals
        self._wanted_photos = False
        self.customer = CustomerQuestions(case, carried)

    def carry(self) -> QuestionsCarry:
        """Return what the next run needs."""
        return self.customer.carry()

    async def missing(self, known: Known) -> CustomerQuestion | None:
        """Return what the customer is asked; None where nothing is missing, or more than they could say."""
        question = self.customer.open or missing_fact(known) or self._photos(known)
        if question is None and known.reading.doubts == (WHICH_REMEDY,) and known.doubts == (WHICH_REMEDY,):
            question = await self._remedy(known)
        if question is None or self.customer.open or workflow.patched("asks-the-customer-back"):
            return question
        return None

    async def _remedy(self, known: Known) -> CustomerQuestion | None:
        """Ask how what is faulty shall be put right, of what its channel can do and policy does not deny."""
        offered = []
        for remedy in REMEDIES:
            reading = remedied(known.order, known.reading, remedy)
            if reading and await self._proposals.offers(replace(known, reading=reading)):
                offered.append(remedy)
        if len(offered) < FEWEST:
            return None
        about = ", ".join(line.name for line in known.reading.lines[:MOST])
        return question_to(known, Gap.REMEDY, WHICH_REMEDY, choices_of(offered), about=about)

    def _photos(self, known: Known) -> CustomerQuestion | None:
        """Ask for photos of what is faulty, once; policy says of which. Without any, the case goes on."""
        faulty = [each for each in known.reading.each if each.wanted and ground_of(each) == "defect"]
        if not faulty or not known.reading.understood or known.reading.photos or self._wanted_photos:
            return None
        if not workflow.patched("asks-for-photos"):
            return None
        about = ", ".join(line.name for each in faulty for line in each.lines[:MOST])
        return CustomerQuestion(
            kind=Gap.PHOTOS.value,
            text="ask_photos",
            what="photos of what is faulty",
            about=about,
            language=known.reading.language,
        )

    async def resumed(self, known: Known) -> Known:
        """Return what is known with the order read again: an earlier run has left a question open."""
        order = await self._orders.load()
        return known.as_of(order) if order else known

    async def answered(self, known: Known, question: CustomerQuestion) -> Known:
        """Ask, and return what is known then: with what the customer chose, or why a person has to take it.

        Raises:
            TakenBack: nobody wants the case any more.
        """
        meant = _meant(known, question)
        confirms = question.kind == Gap.CONFIRM
        says: dict[str, JsonValue] = {"wishes": wishes_of(meant)} if confirms else {}

        def message(name: str, step: str, values: dict[str, JsonValue]) -> Plan:
            return message_plan(self._proposals.plan(meant), known, name, step, **says, **values)

        answer = await self.customer.ask(question, message)
        if question.kind == Gap.PHOTOS:
            self._wanted_photos = True
            if answer.why_not == NOT_LET:
                return known
        order = await self._orders.load()
        known = replace(known.as_of(order) if order else known, replies=(*known.replies, *answer.said))
        if order is None:
            return _left(known, "the channel has no such order any more")
        known = replace(known, reading=photographed(known.reading, answer.photos))
        return await self._with(known, question, answer)

    async def _with(self, known: Known, question: CustomerQuestion, answer: ReplyEnd) -> Known:
        """Return what is known with what was chosen."""
        if question.kind == Gap.PHOTOS:
            return _looked_at(known, answer)
        if answer.why_not:
            return _unchosen(known, question, answer)
        chosen = [question.choices[place].id for place in answer.picked]
        match Gap(question.kind):
            case Gap.CONFIRM if chosen == [YES_NO[0].id]:
                return _if_yes(known)
            case Gap.CONFIRM:
                return _left(known, "the customer says that this is not what they mean", otherwise=True)
            case Gap.REMEDY | Gap.VARIANT as gap:
                with_it = _with_remedy if gap is Gap.REMEDY else _with_variant
                return replace(known, reading=with_it(known, chosen[0]))
            case _:
                return await self._with_lines(known, chosen)

    async def _with_lines(self, known: Known, chosen: list[str]) -> Known:
        """Return what is known with the lines that were chosen; of an exchange, with their variants."""
        lines = [line for line in known.order.lines if line.id in chosen]
        wanted, doubts = with_quantities(known.request, known.order, lines)
        update = {"wanted": wanted, "doubts": tuple(doubts), "understood": not doubts}
        reading = known.reading.model_copy(update=update)
        if reading.wants_variants:
            asked = variant_questions(
                self._case.file.case_id, known.request, known.order, reading, step="variant-after-reply"
            )
            reading = with_variants(known.order, reading, await self._case.decide(asked))
        return replace(known, reading=reading)


def missing_fact(known: Known) -> CustomerQuestion | None:
    """Return the one fact that is missing, as a question; None if none is, or several are."""
    reading = known.reading
    if reading.understood or known.doubts != reading.doubts or known.request.items:
        return None
    if known.order.status == "delivered" and reading.intent in NEEDS_ITEMS and not reading.also:
        if reading.doubts == (WHICH_ITEMS,):
            return _which_lines(known)
        if len(unknown := _unknown_variants(reading)) == 1 and len(reading.doubts) == 1:
            return _which_variant(known, unknown[0])
    return _whether(known) if reading.if_yes else None


def wishes_of(known: Known) -> list[JsonValue]:
    """Return what is understood, wish by wish, as a text may say it."""
    order, told = known.order, []
    for each in known.reading.each:
        found = sum_of(order, each)
        becomes, paid, amount = said(order, each, found)
        one: dict[str, JsonValue] = {
            "kind": each.intent.value,
            "what": ", ".join(found.counted(line) for line in each.lines),
            "becomes": becomes,
            "paid": paid if each.intent in (Intent.EXCHANGE, Intent.CHANGE_ITEMS) else "",
            "amount": amount,
            "address": each.address,
        }
        told.append(one)
    return [*told]


def _which_lines(known: Known) -> CustomerQuestion | None:
    worth = worth_of(known.order)
    lines = [line for line in known.order.lines if worth.of(line.id).left]
    if not FEWEST <= len(lines) <= MOST:
        return None
    choices = tuple(ReplyChoice(id=line.id, text=words_of(line)) for line in lines)
    return question_to(known, Gap.LINES, "which items are meant", choices, about=known.reading.intent.value)


def _which_variant(known: Known, item: Wanted) -> CustomerQuestion | None:
    variants = variants_for(item.line, known.order)
    if not FEWEST <= len(variants) <= MOST:
        return None
    choices = tuple(ReplyChoice(id=one.sku, text=options_of(one)) for one in variants)
    return question_to(known, Gap.VARIANT, which_instead(item.line), choices, about=words_of(item.line))


def _whether(known: Known) -> CustomerQuestion | None:
    """Ask whether what was read is what is meant, where nothing else would be missing."""
    meant = _if_yes(known)
    lines = [line for each in meant.reading.each for line in each.lines]
    if meant.doubts or not meant.reading.understood or len(lines) > MOST:
        return None
    wishes = " and ".join(each.intent.value.replace("_", " ") for each in meant.reading.each)
    about = ", ".join([wishes, *(line.name for line in lines)])
    return question_to(known, Gap.CONFIRM, f"whether they wish: {about}", YES_NO, about=about)


def question_to(
    known: Known, gap: Gap, what: str, choices: tuple[ReplyChoice, ...], *, about: str
) -> CustomerQuestion:
    """Return the question for a fact that is missing, in the customer's language."""
    listed = "; ".join(f"{number} {choice.text}" for number, choice in enumerate(choices, start=1))
    return CustomerQuestion(
        kind=gap.value,
        text=f"ask_{gap.value}",
        what=f"{what} ({listed})",
        choices=choices,
        about=about,
        language=known.reading.language,
    )


def _looked_at(known: Known, answer: ReplyEnd) -> Known:
    """Return what is known once photos were asked for; words that come instead, or say more, are a person's.

    Who does not answer loses nothing by it: policy reads that there are no photos.
    """
    if any(families(text) or not {*doubts(text)} <= {NOTHING_ASKED} for text in answer.said):
        why = "asked for photos, the customer speaks of something else"
        return _left(known, why, otherwise=True)
    if answer.said and not answer.photos:
        return _left(known, "asked for photos, the customer answers without any")
    return known


def _meant(known: Known, question: CustomerQuestion) -> Known:
    """Return what is known as policy judges the question: by what may be wished, where nothing is yet."""
    if question.kind == Gap.CONFIRM:
        return _if_yes(known)
    if question.kind == Gap.REMEDY:
        reading = remedied(known.order, known.reading, question.choices[-1].id)
        return replace(known, reading=reading) if reading else known
    return known


def _if_yes(known: Known) -> Known:
    """Return what is known if the customer means what was read."""
    assert known.reading.if_yes is not None
    return replace(known, reading=known.reading.if_yes)


def _unknown_variants(reading: Reading) -> list[Wanted]:
    return [item for item in reading.wanted if which_instead(item.line) in reading.doubts]


def _with_remedy(known: Known, remedy: str) -> Reading:
    """Return the reading with the remedy that was chosen."""
    return remedied(known.order, known.reading, remedy) or _left(known, OUT_OF_STOCK).reading


def _with_variant(known: Known, sku: str) -> Reading:
    """Return the reading with the variant that was chosen for the one line that lacked it."""
    chosen = next((one for one in known.order.variants if one.sku == sku and one.available > 0), None)
    if chosen is None:
        return _left(known, OUT_OF_STOCK).reading
    [item] = _unknown_variants(known.reading)
    wanted = tuple(
        one.model_copy(update={"variant": chosen}) if one == item else one for one in known.reading.wanted
    )
    update = {"wanted": wanted, "doubts": (), "understood": True, "if_yes": None}
    return known.reading.model_copy(update=update)


def _unchosen(known: Known, question: CustomerQuestion, answer: ReplyEnd) -> Known:
    """Return what is known where nothing was chosen; who says nothing names no items: none is proposed."""
    if answer.why_not == SILENT and question.kind == Gap.LINES and workflow.patched(NO_GUESS):
        update = {"doubts": (question.what, SILENT), "wanted": (), "understood": False, "if_yes": None}
        return replace(known, reading=known.reading.model_copy(update=update))
    return _left(known, answer.why_not, otherwise=answer.otherwise)


def _left(known: Known, why: str, *, otherwise: bool = False) -> Known:
    """Return what is known with why a person has to take it; the customer is not asked the same again.

    Args:
        known: what was known before.
        why: in words for a person.
        otherwise: what was read is not what the customer wishes: nothing of it is proposed.
    """
    update = {"doubts": (*known.reading.doubts, why), "understood": False, "if_yes": None}
    if otherwise:
        update |= {"intent": Intent.OTHER, "wanted": (), "also": ()}
    return replace(known, reading=known.reading.model_copy(update=update))

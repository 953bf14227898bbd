"""Which order a request is about that names none: by what its customer has bought, or by asking them."""

from collections.abc import Sequence

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft
    from contracts.authorization import Plan
    from contracts.case import CaseStatus
    from contracts.decision import Decision, Inquiry, Question
    from contracts.evidence import Evidence
    from contracts.memory import Context
    from contracts.reply import CustomerQuestion, ReplyChoice
    from workflows.kernel.awaiting import TakenBack
    from workflows.kernel.case import CaseRun
    from workflows.kernel.customer_questions import CustomerQuestions
    from workflows.kernel.outside_reads import NoAnswer
    from workflows.returns.activities import OrderActivities, OrderQuery, OrdersOf
    from workflows.returns.asking_back import FEWEST, MOST, question_to
    from workflows.returns.order_reads import OrderReads
    from workflows.returns.plan import Known, message_plan, their_words
    from workflows.returns.proposals import Proposals
    from workflows.returns.reading import (
        Reading,
        about_order,
        label_of,
        named_in,
        numbers_beside,
        said_in,
        unasked,
        words_of,
    )
    from workflows.returns.sums import named
    from workflows.returns.types import ASKS, DESK, WHICH_ORDER, Intent, Order, Reason
    from workflows.returns.wishes.letter import Gap
    from workflows.returns.worth import worth_of

WHICH = "which order is meant"
UNSENT = frozenset({"pending", "processed"})
ALLOWS = {
    Intent.RETURN: frozenset({"delivered"}),
    Intent.EXCHANGE: frozenset({"delivered"}),
    Intent.CANCEL: UNSENT,
    Intent.WHERE_IS_IT: UNSENT | {"shipped"},
}
"""In which status an order can be meant by a wish; by any other wish, in any."""


class NoOrder(NoAnswer):
    """A case ends before its order is known: a person took it, or nobody wants it any more."""


class OrderFinding:
    """Finds the order of one request.

    Attributes:
        asked: what is known while the customer is asked, with one of their orders to write to them by.
        said: what they answered.
    """

    def __init__(
        self,
        case: CaseRun,
        orders: OrderReads,
        proposals: Proposals,
        customer: CustomerQuestions,
        *,
        asked: Known | None,
    ) -> None:
        """Look for nothing yet, or take up what an earlier run of the case has `asked`."""
        self.asked = asked
        self.said: tuple[str, ...] = ()
        self._case = case
        self._orders = orders
        self._proposals = proposals
        self._customer = customer
        self._theirs: tuple[Order, ...] = (asked.order,) if asked else ()

    @property
    def resumes(self) -> bool:
        """Whether an earlier run of the case has asked the customer."""
        return self._customer.open is not None

    async def find(self) -> bool:
        """Find the order, and let the request name it; False if its customer has none there.

        Raises:
            NoOrder: the case ends without.
        """
        if (question := self._customer.open) is not None:
            return self._found(await self._answer(question), "customer")
        request = self._orders.request
        whose = OrdersOf(channel=request.channel, customer=request.customer)
        if not _is_address(request.customer):
            self._case.file.customer = request.customer
        told = await self._case.read(
            OrderActivities.find, whose, request.channel, f"the customer's orders at {request.channel}"
        )
        if told is None:
            raise await self._left("no order is named, and its channel does not find a customer's orders")
        await self._read(told.orders[:MOST])
        if not self._theirs:
            return False
        if number := await self._named():
            return self._found(number, "number")
        return await self._by_things(all_seen=len(told.orders) <= MOST)

    async def _read(self, numbers: Sequence[str]) -> None:
        """Read the customer's orders, and learn who they are.

        Raises:
            NoOrder: the channel tells of orders that are not theirs.
        """
        request, found = self._orders.request, []
        for number in numbers:
            query = OrderQuery(channel=request.channel, order=number)
            what = f"order {number} at {request.channel}"
            found.append(await self._case.read(OrderActivities.load, query, request.channel, what))
        orders = tuple(order for order in found if order is not None)
        owners = {order.customer for order in orders}
        if not _is_address(request.customer):
            owners.add(request.customer)
        if orders and len(owners) > 1:
            raise await self._left("its channel tells of orders of several customers")
        self._theirs = orders
        if orders:
            self._case.file.customer = orders[0].customer

    async def _named(self) -> str:
        """Return the order that the message itself names; empty if it names none.

        Raises:
            NoOrder: it names one that is not among the customer's.
        """
        message = self._orders.request.message
        for order in self._theirs:
            if named_in(message, order.id):
                return order.id
        if any(numbers_beside(message, order.id) for order in self._theirs):
            raise await self._left("the order that is named is not among the customer's")
        return ""

    async def _by_things(self, *, all_seen: bool) -> bool:
        """Take the one order that fits, or ask the customer which; `all_seen` if they have no others."""
        intent, asks = await self._wish()
        allowed = [order for order in self._theirs if self._allows(order, intent)]
        if not allowed:
            raise await self._left(f"{WHICH}: none allows what is wished")
        fit, sure = await self._fitting(allowed)
        in_form = bool(self._orders.request.items) and len(allowed) == 1
        if all_seen and (sure or in_form):
            return self._found((fit or allowed)[0].id, "things")
        choices = fit if len(fit) >= FEWEST else allowed
        doubts = [] if intent is Intent.WHERE_IS_IT else unasked([asks])
        # Somebody's only order may still be the wrong one, so it is asked about and not taken.
        fewest = 1 if all_seen and workflow.patched("asks-about-the-only-order") else FEWEST
        if doubts or not fewest <= len(choices) <= MOST:
            raise await self._left("; ".join([WHICH, *doubts]))
        reading = Reading(
            intent=intent,
            reason=Reason.UNSTATED,
            understood=False,
            doubts=(WHICH,),
            language=said_in(asks, "language"),
        )
        nothing = Context(evidence=(), tokens=0)
        self.asked = Known(self._orders.request, choices[0], reading, nothing)
        return self._found(await self._answer(_which(self.asked, choices)), "customer")

    async def _wish(self) -> tuple[Intent, Decision]:
        """Return what is wished, `other` where that is not sure; and whether it is asked for at all."""
        request, case_id = self._orders.request, self._case.file.case_id
        base = Question(task="returns.intent", text=request.message, case_id=case_id, desk=DESK)
        questions = (base, base.model_copy(update={"task": ASKS}))
        intent, asks = await self._case.decide(
            Inquiry(case_id=case_id, step="find-wish", questions=questions)
        )
        known = intent.outcome == "answered" and label_of(intent) in set(Intent)
        return Intent(label_of(intent)) if known else Intent.OTHER, asks

    async def _fitting(self, orders: Sequence[Order]) -> tuple[list[Order], bool]:
        """Return the orders that hold what the message names, and whether that is exactly one."""
        request, case_id = self._orders.request, self._case.file.case_id
        held = tuple("\n".join(words_of(line) for line in order.lines) for order in orders)
        question = Question(task=WHICH_ORDER, text=request.message, case_id=case_id, desk=DESK, choices=held)
        [decision] = await self._case.decide(
            Inquiry(case_id=case_id, step="find-order", questions=(question,))
        )
        picked = (decision.answer or {}).get("picked")
        places = picked if isinstance(picked, list) else []
        fit = [orders[place] for place in places if isinstance(place, int) and 0 <= place < len(orders)]
        return fit, decision.outcome == "answered" and len(fit) == 1

    def _allows(self, order: Order, intent: Intent) -> bool:
        """Say whether an order can be meant: by its status, what is left of it, and the lines of a form."""
        lines = {line.id for line in order.lines}
        in_form = all(item.line in lines for item in self._orders.request.items)
        statuses = ALLOWS.get(intent)
        if statuses is not None and order.status not in statuses:
            return False
        left = order.status != "delivered" or any(worth_of(order).of(line).left for line in lines)
        return in_form and (left or statuses is None)

    async def _answer(self, question: CustomerQuestion) -> str:
        """Ask the customer, and return the order that they choose."""
        known = self.asked
        assert known is not None

        def message(name: str, step: str, values: dict[str, JsonValue]) -> Plan:
            return message_plan(self._proposals.plan(known), known, name, step, **values)

        try:
            answer = await self._customer.ask(question, message)
        except TakenBack:
            await self._case.tell(message("withdrawn", "tell", {}))
            raise NoOrder(CaseStatus.WITHDRAWN, "withdrawn") from None
        self.said = answer.said
        if answer.why_not or len(answer.picked) != 1:
            raise await self._left(f"{WHICH}: {answer.why_not or 'the customer names several'}")
        return question.choices[answer.picked[0]].id

    def _found(self, number: str, by: str) -> bool:
        """Let the request name its order."""
        self._orders.request = self._orders.request.model_copy(update={"order": number})
        self._case.file.happened("order_found", order=number, by=by)
        return True

    async def _left(self, why: str) -> NoOrder:
        """Give the case to a person; return how it ended."""
        request, file = self._orders.request, self._case.file
        evidence = (
            *their_words(request, self.said),
            Evidence(source="desk:doubts", text=why),
            *(one for order in self._theirs for one in about_order(order)),
        )
        plan = Plan(case_id=file.case_id, desk=DESK, summary=file.summary, facts={}, effects=())
        draft = ApprovalDraft(
            plan=plan,
            what=f"Handle by hand ({why}): {file.summary}",
            step="by-hand",
            asked_by=file.customer or request.channel,
            evidence=evidence,
            office_version=file.office_version,
        )
        return NoOrder(*await self._case.hand_over(draft, in_one_run=True))


def _which(known: Known, orders: Sequence[Order]) -> CustomerQuestion:
    """Return the question which of these orders is meant: each by its number, its date and what is in it."""
    choices = tuple(
        ReplyChoice(id=order.id, text=f"{order.id} ({order.placed_at:%Y-%m-%d}): {_things(order)}")
        for order in orders
    )
    return question_to(known, Gap.ORDER, WHICH, choices, about=known.reading.intent.value)


def _things(order: Order) -> str:
    return named([words_of(line) for line in order.lines])


def _is_address(customer: str) -> bool:
    """Say whether a customer is given by their mail address: it is no reference that may be shown."""
    return "@" in customer

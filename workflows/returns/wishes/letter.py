"""What a letter is read against, and what it is read into: a customer's orders; wishes, doubts, questions."""

from enum import StrEnum

from contracts.base import Frozen
from workflows.returns.types import Order, WayToPay

AGAINST_A_CHANGE = "against_a_change"
"""The field of an answer with what speaks against a change of the order, whoever reads one."""


class Kind(StrEnum):
    """What is wished for an order."""

    RETURN = "return"
    EXCHANGE = "exchange"
    CANCEL = "cancel"
    CHANGE_ITEMS = "change_items"
    CHANGE_ADDRESS = "change_address"
    CHANGE_PAYMENT = "change_payment"


class Customer(Frozen):
    """What the channel knows of whoever wrote: their orders and their ways to pay."""

    orders: tuple[Order, ...]
    methods: tuple[WayToPay, ...] = ()

    def order(self, number: str) -> Order:
        """Return an order by its number."""
        return next(order for order in self.orders if order.id == number)


class Piece(Frozen):
    """An order line that a wish is about; for an exchange or a change, the SKU that is wanted instead."""

    line: str
    sku: str = ""


class Wish(Frozen):
    """One thing that a letter asks for.

    Attributes:
        method: the payment method that takes the refund or pays the difference, or is to pay the order.
        address: where the order shall go, as the customer wrote it.
    """

    order: str
    kind: Kind
    pieces: tuple[Piece, ...] = ()
    method: str = ""
    address: str = ""


class Gap(StrEnum):
    """A fact that is missing, which the customer could name."""

    ORDER = "order"
    LINES = "lines"
    VARIANT = "variant"
    METHOD = "method"
    CONFIRM = "confirm"
    PHOTOS = "photos"
    REMEDY = "remedy"


class Question(Frozen):
    """What the customer would be asked.

    Attributes:
        gap: the missing fact.
        line: the order line that it is about, for a variant.
        choices: what can be answered: order numbers, line ids, SKUs, method ids; empty for yes or no.
    """

    gap: Gap
    line: str = ""
    choices: tuple[str, ...] = ()


class OrderReading(Frozen):
    """What a letter wishes for one order.

    Attributes:
        wishes: in the order in which they are carried out.
        doubts: why a person should look, in words.
        question: what the customer could be asked instead.
        signs: what the acceptance is computed from, by name.
        confidence: calibrated probability that all of it is right; None before it is computed.
    """

    order: str
    wishes: tuple[Wish, ...]
    doubts: tuple[str, ...] = ()
    question: Question | None = None
    signs: dict[str, float] = {}
    confidence: float | None = None


class LetterReading(Frozen):
    """What a letter wishes: one reading for each order it wishes something for.

    Attributes:
        language: two letters, as recognised.
        doubts: why the letter as a whole needs a person.
        question: which order is meant, when that is what is missing.
    """

    language: str
    orders: tuple[OrderReading, ...] = ()
    doubts: tuple[str, ...] = ()
    question: Question | None = None

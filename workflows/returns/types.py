"""The returns desk's words: a request, an order, the facts its policies read, a result."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from contracts.base import Frozen, content_hash
from contracts.bounds import MOST_CENTS, MOST_LINES, Cents, Name, Quantity
from contracts.case import CaseStatus
from contracts.desk import Request
from contracts.ids import ExternalId
from contracts.money import Direction
from contracts.photo import MOST_PHOTOS, Photo
from contracts.shares import Books
from contracts.told import MaybeMoment, Moment, Texts, Told, ToldId, ToldName, too_much
from workflows.returns.order_check import order_flaws

DESK = "returns"
ASKS, WISHES, WHICH_ORDER = "returns.asks", "returns.wishes", "returns.order"
"""The tasks: whether anything is asked for; all that a letter wishes, read together; for which order."""
AUTHORISE = "authorise_return"
"""The operation that gives a return an RMA number and a label; a channel that has it takes goods back."""
REPAIR = "repair"
"""The operation that has pieces repaired and sent back to their customer; not every channel has it."""
GET_RETURN = "get_return"
"""The operation that reads what of a return has come back."""
GOODS = "goods"
"""The field of its result that says so."""
GET_ORDER = "get_order"
"""The operation that reads an order; a connector that has it is a sales channel."""
ORDER = "order"
"""The field of its result that is the order."""
FIND_ORDERS = "find_orders"
"""The operation that finds the orders of a customer, by their reference or mail address."""
FOUND = "found"
"""The field of its result that says which."""
ORDER_NOT_FOUND = "order_not_found"
"""The word for a case whose channel says that it has no such order."""
LONGEST_MESSAGE_CHARS = 20_000
"""Some ten pages; what is longer is a document, and no request."""

DIRECTIONS: dict[str, Direction] = {"refund": "out", "charge": "in"}
"""The operations by which this desk moves money; a channel's manifest must declare them so."""
OrderStatus = Literal["pending", "processed", "shipped", "delivered", "cancelled"]
MemberLevel = Literal["guest", "bronze", "silver", "gold"]


Goods = Literal["handed_over", "kept", "expected", "awaited", "inspected", "lost"]
"""Where the goods of a return are when money is spoken of.

`handed_over`: its channel authorises no returns; who asks there has given them back. `kept`: the customer
keeps them. `expected`: they are to come, and the money goes before them. `awaited`: they are to come, and
the money waits for them. `inspected`: they came and were looked at. `lost`: the money went, they never came.
"""
Found = Literal["unseen", "sellable", "damaged", "missing_parts", "wrong_item"]
"""How goods were found, if anybody looked; `contracts.parcel.Condition`."""
Postage = Literal["ours", "customers"]
"""Who pays for the way back."""


class Intent(StrEnum):
    """What a customer asks for."""

    RETURN = "return"
    EXCHANGE = "exchange"
    CANCEL = "cancel"
    WHERE_IS_IT = "where_is_it"
    CHANGE_ITEMS = "change_items"
    CHANGE_ADDRESS = "change_address"
    CHANGE_PAYMENT = "change_payment"
    OTHER = "other"


COME_BACK = frozenset({Intent.RETURN, Intent.EXCHANGE})
"""What brings goods back."""
SETTLED_AS = {
    Intent.RETURN: "returned",
    Intent.EXCHANGE: "exchanged",
    Intent.CANCEL: "cancelled",
    Intent.WHERE_IS_IT: "answered",
    Intent.CHANGE_ITEMS: "items_changed",
    Intent.CHANGE_ADDRESS: "address_changed",
    Intent.CHANGE_PAYMENT: "payment_changed",
}
"""The word for a case that did what was asked for."""
CHANGES = frozenset({Intent.CHANGE_ITEMS, Intent.CHANGE_ADDRESS, Intent.CHANGE_PAYMENT})
"""What may be wished for an order that has not left, besides cancelling it."""


class Reason(StrEnum):
    """Why a customer asks."""

    SIZE = "size"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    CHANGED_MIND = "changed_mind"
    LATE = "late"
    NOT_AS_DESCRIBED = "not_as_described"
    UNSTATED = "unstated"


FAULTY = frozenset({Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED})
"""Reasons that lie with the seller."""


def _as_item(given: object) -> object:
    """Read a bare line id as an item whose number nobody said."""
    return given if isinstance(given, dict | FormLine) else {"line": given}


class FormLine(Frozen):
    """One order line that a form names, and how many pieces of it; None leaves the number to the message."""

    line: ExternalId
    quantity: int | None = Field(default=None, ge=1)


class ReturnRequest(Request):
    """One line of `kontor submit returns`.

    Attributes:
        id: the channel's own id of the request (RMA number).
        channel: a connector that offers the sales-channel operations.
        order: the order's id in that channel; empty where the customer named none, and `customer` says who
            it is.
        message: what the customer wrote, as they wrote it, at most `LONGEST_MESSAGE_CHARS`.
        items: the lines, if the customer picked them in a form, each a line id or
            `{"line": ID, "quantity": HOW MANY}`; empty if they only wrote.
        photos: that came with it, by reference; nobody is asked for what was sent.
    """

    order: ExternalId = ""
    message: str = Field(max_length=LONGEST_MESSAGE_CHARS)
    items: tuple[Annotated[FormLine, BeforeValidator(_as_item)], ...] = Field(
        default=(), max_length=MOST_LINES
    )
    # Left out where there are none, so that the hash of a request without is what it always was.
    photos: tuple[Photo, ...] = Field(default=(), max_length=MOST_PHOTOS, exclude_if=lambda given: not given)

    @model_validator(mode="after")
    def _names_an_order_or_a_customer(self) -> Self:
        if not self.order and not self.customer:
            raise ValueError(
                "order: it is missing, and so is customer: name the order, or give the customer's reference "
                "or mail address, by which their orders are found"
            )
        return self


class OrderLine(Told):
    """One line of an order; money in minor units of the order's currency.

    A channel says what was paid for the line (`paid_cents`), or what it follows from.

    Attributes:
        quantity: how many pieces were bought.
        returned_quantity: how many of them the channel knows to be back or exchanged.
        refunded_quantity: how many of them the channel refunded; None where it does not say.
        unit_price_cents: what one piece is listed for.
        discount_cents: what the line got off, all its pieces together.
        tax_cents: tax that comes on top of the price, all pieces together; 0 where prices hold their tax.
        paid_cents: what was really paid for all pieces, tax in and every discount off, the order's too.
        currency: where the channel names one for each line; it must be the order's.
    """

    id: ToldId
    sku: ToldName
    product: ToldName
    name: Name
    options: Texts = {}
    quantity: Quantity = 1
    returned_quantity: Quantity = 0
    refunded_quantity: Quantity | None = None
    unit_price_cents: Cents
    discount_cents: Cents = 0
    tax_cents: Cents = 0
    paid_cents: Cents | None = None
    currency: Name = ""


class FoundOrders(Told):
    """The orders of one customer.

    Attributes:
        orders: their ids, the newest first; none if the customer has none there.
    """

    orders: tuple[ToldId, ...] = Field(max_length=MOST_LINES)


class Variant(Told):
    """One way a product can be had."""

    sku: ToldName
    product: ToldName
    options: Texts = {}
    price_cents: Cents
    available: int
    currency: Name = ""


class Payment(Told):
    """One way in which an order was paid: a card, a gift card, a wallet.

    Attributes:
        method: what the channel's refund takes as `payment_method`.
        paid_cents: what was paid by it.
        refunded_cents: what of that went back to it.
        currency: where the channel names one for each payment; it must be the order's.
    """

    method: ToldName
    paid_cents: Cents
    refunded_cents: Cents = 0
    currency: Name = ""


class WayToPay(Told):
    """One way in which a customer can pay, used for the order or not.

    Attributes:
        method: what the channel's operations take as `payment_method`.
        brand, last_four: of a card, as far as the channel tells them.
    """

    method: ToldName
    kind: Literal["card", "paypal", "gift_card"]
    brand: Name = ""
    last_four: Name = ""


class Order(Told):
    """An order as its channel tells it.

    Attributes:
        channel: the connector that told it.
        known_as: its id as its channel compares ids, for claims and accounts; no channel fills it in.
        customer: an opaque reference; names and addresses stay in the channel.
        status: the channel's word, mapped by its manifest.
        paid_cents: all that was paid, by all methods, later charges too.
        charged_cents: what of that was charged after the order was placed, for an exchange.
        refunded_cents: all that was refunded.
        discount_cents: what the order as a whole got off; it is spread over the lines.
        tax_cents: tax on top of the lines' prices that stands at no line; it is spread over them.
        shipping_cents: what the postage cost, tax in.
        payment_method: what refunds and charges go to where `payments` is empty.
        payments: how it was paid, if in several ways.
        methods: in which ways its customer can pay, where the channel tells.
        books: what our own books say that other cases did for it; no channel fills it in.
        takes_back, repairs: whether its channel authorises returns, and repairs what came back by one; its
            manifest says so, not the channel.
    """

    FILLED_IN: ClassVar[frozenset[str]] = frozenset({"channel", "known_as", "books", "takes_back", "repairs"})

    id: ToldId
    channel: str = ""
    known_as: str = ""
    status: OrderStatus
    customer: ToldName
    member_level: MemberLevel = "guest"
    currency: str
    placed_at: Moment
    delivered_at: MaybeMoment = None
    paid_cents: Cents
    charged_cents: Cents = 0
    refunded_cents: Cents = 0
    discount_cents: Cents = 0
    tax_cents: Cents = 0
    shipping_cents: Cents = 0
    payment_method: ToldName
    payments: tuple[Payment, ...] = Field(default=(), max_length=MOST_LINES)
    methods: tuple[WayToPay, ...] = Field(default=(), max_length=MOST_LINES)
    tracking: Name = ""
    lines: tuple[OrderLine, ...] = Field(max_length=MOST_LINES)
    variants: tuple[Variant, ...] = Field(default=(), max_length=MOST_LINES)
    books: Books = Books()
    takes_back: bool = False
    repairs: bool = False

    @model_validator(mode="after")
    def _comes_to_an_amount(self) -> Self:
        """Refuse lines that no amount can pay: whatever is refunded or charged stays below their sum."""
        dearest: dict[str, int] = {}
        for variant in self.variants:
            dearest[variant.product] = max(dearest.get(variant.product, 0), abs(variant.price_cents))
        total = sum(
            line.quantity * max(abs(line.unit_price_cents), dearest.get(line.product, 0))
            for line in self.lines
        )
        if total > MOST_CENTS:
            raise too_much(f"the lines come to more than {MOST_CENTS} minor units")
        return self

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield what about its amounts cannot be right."""
        return order_flaws(self)

    @property
    def ways_paid(self) -> tuple[Payment, ...]:
        """How it was paid, each method once; where the channel tells none apart, all by `payment_method`."""
        if not self.payments:
            whole = {"paid_cents": self.paid_cents, "refunded_cents": self.refunded_cents}
            return (Payment(method=self.payment_method, **whole),)
        return tuple(
            Payment(
                method=method,
                paid_cents=sum(one.paid_cents for one in self.payments if one.method == method),
                refunded_cents=sum(one.refunded_cents for one in self.payments if one.method == method),
            )
            for method in dict.fromkeys(one.method for one in self.payments)
        )

    @property
    def touched(self) -> bool:
        """Whether anything of it went back before, by whomever: then our own books are asked, too."""
        back = any(line.returned_quantity or line.refunded_quantity for line in self.lines)
        return back or bool(self.refunded_cents or self.charged_cents)

    @property
    def left_cents(self) -> int:
        """What was paid and not refunded yet."""
        return self.paid_cents - self.refunded_cents

    @property
    def digest(self) -> str:
        """The hash of all that its channel says of it, but for what is in stock."""
        return content_hash(
            self.model_dump(mode="json", exclude={"variants", "books", "known_as", "takes_back", "repairs"})
        )

    def without_stock(self) -> "Order":
        """Return the order without its variants: what can be had instead is asked for only once."""
        return self.model_copy(update={"variants": ()})

    def head(self) -> "Order":
        """Return the order without lines and variants: enough to write to the customer."""
        return self.model_copy(update={"lines": (), "variants": (), "books": Books()})


class ReturnResult(Frozen):
    """How a case of the returns desk ended."""

    case_id: str
    status: CaseStatus
    outcome: str
    amount_cents: int = 0
    by_person: bool = False

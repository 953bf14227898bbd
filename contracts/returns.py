"""The returns desk's words: a request, an order, the facts its policies read, a result."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.case import CaseStatus
from contracts.frozen import Frozen

DESK = "returns"
LONGEST_MESSAGE_CHARS = 20_000
"""Some ten pages; what is longer is a document, and no request."""

OrderStatus = Literal["pending", "processed", "shipped", "delivered", "cancelled"]
MemberLevel = Literal["guest", "bronze", "silver", "gold"]


class Intent(StrEnum):
    """What a customer asks for."""

    RETURN = "return"
    EXCHANGE = "exchange"
    CANCEL = "cancel"
    WHERE_IS_IT = "where_is_it"
    OTHER = "other"


class Reason(StrEnum):
    """Why a customer asks."""

    SIZE = "size"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    CHANGED_MIND = "changed_mind"
    LATE = "late"
    NOT_AS_DESCRIBED = "not_as_described"
    UNSTATED = "unstated"


class ReturnRequest(Frozen):
    """One line of `kontor submit returns`.

    Attributes:
        id: the channel's own id of the request (RMA number); it makes the case id.
        channel: a connector that offers the sales-channel operations.
        order: the order's id in that channel.
        message: what the customer wrote, as they wrote it, at most `LONGEST_MESSAGE_CHARS`.
        items: line ids, if the customer picked them in a form; empty if they only wrote.
        received_at: when they asked, with its zone; by default when the case began.
    """

    id: str
    channel: str
    order: str
    message: str = Field(max_length=LONGEST_MESSAGE_CHARS)
    items: tuple[str, ...] = ()
    received_at: AwareDatetime | None = None


class OrderLine(Frozen):
    """One line of an order; money in cents."""

    id: str
    sku: str
    product: str
    name: str
    options: dict[str, str] = {}
    quantity: int = 1
    returned_quantity: int = 0
    unit_price_cents: int


class Variant(Frozen):
    """One way a product can be had."""

    sku: str
    product: str
    options: dict[str, str] = {}
    price_cents: int
    available: int


class Order(Frozen):
    """An order as its channel tells it.

    Attributes:
        customer: an opaque reference; names and addresses stay in the channel.
        status: the channel's word, mapped by its manifest.
    """

    id: str
    channel: str
    status: OrderStatus
    customer: str
    member_level: MemberLevel = "guest"
    currency: str = "EUR"
    placed_at: datetime
    delivered_at: datetime | None = None
    paid_cents: int
    refunded_cents: int = 0
    payment_method: str
    tracking: str = ""
    lines: tuple[OrderLine, ...]
    variants: tuple[Variant, ...] = ()


class ReturnFacts(Frozen):
    """What the returns desk's policies may read; the Cedar schema is generated from this type.

    Where a field lists its words, a policy that names another word fails `kontor check`.

    Attributes:
        understood: the decision passed its calibrated threshold.
        remaining_cents: paid and not yet refunded.
        days_since_delivery: whole days; -1 when not delivered.
        earlier_returns: this customer's settled returns in the last 90 days.
        price_difference_cents: an exchange's new price minus the old; negative is refunded.
    """

    intent: Intent
    reason: Reason
    understood: bool
    order_status: OrderStatus
    amount_cents: int
    paid_cents: int
    remaining_cents: int
    days_since_delivery: int
    item_state: Literal["unopened", "opened", "damaged", "unknown"] = "unknown"
    member_level: MemberLevel
    earlier_returns: int
    already_returned: bool
    price_difference_cents: int = 0
    channel: str


class ReturnResult(Frozen):
    """How a case of the returns desk ended."""

    case_id: str
    status: CaseStatus
    outcome: str
    amount_cents: int = 0
    by_person: bool = False

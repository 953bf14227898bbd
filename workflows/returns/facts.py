"""What the returns desk's policies may read."""

from typing import Literal

from contracts.base import Frozen
from workflows.returns.types import Found, Goods, Intent, MemberLevel, OrderStatus, Postage, Reason

Ground = Literal["withdrawal", "defect", "unsure"]
"""What a request for goods stands on.

`withdrawal`: they are not wanted, whatever for; that has a window. `defect`: they are not as agreed, which
is a claim of its own. `unsure`: nobody knows yet which of the two.
"""
Remedy = Literal["none", "refund", "exchange", "replacement", "repair"]
"""What is wished for goods: their price, something else; of what is faulty the same again, or its repair."""


class ReturnFacts(Frozen):
    """What the returns desk's policies may read; the Cedar schema is generated from this type.

    Where a field lists its words, a policy that names another word fails `kontor check`.

    Attributes:
        understood: the decision passed its calibrated threshold.
        remaining_cents: paid and not yet refunded.
        currency: of every amount among the facts.
        shipping_cents: what of `amount_cents` is postage that goes back.
        payable: each way the order was paid can take back what the plan gives it.
        days_since_delivery: whole days; -1 when not delivered.
        earlier_returns: this customer's other returns that were settled in the last 90 days, or are under
            way and were judged before.
        goods: where the goods of a return are when money is spoken of.
        condition: the worst that was found among them.
        return_postage: who pays for their way back.
        pieces_missing: how many pieces were to come and did not.
        share_percent: what of the worth of inspected goods is refunded; postage is no part of it.
        ground: what the request stands on: `unsure` until it is known whether the goods are faulty.
        remedy: what is wished for the goods.
        photos: how many the customer sent of what is faulty.
        question: which fact a message asks the customer for; `none` where nothing is asked.
        price_difference_cents: the new price minus the old, of an exchange or a change of items; negative is
            refunded.
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
    shipping_cents: int = 0
    payable: bool = True
    goods: Goods = "handed_over"
    condition: Found = "unseen"
    return_postage: Postage = "customers"
    pieces_missing: int = 0
    share_percent: int = 100
    ground: Ground = "unsure"
    remedy: Remedy = "none"
    photos: int = 0
    question: Literal["none", "order", "lines", "variant", "confirm", "photos", "remedy"] = "none"
    currency: str = ""
    channel: str

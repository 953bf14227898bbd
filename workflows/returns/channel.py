"""What a sales channel must offer for the returns desk: one page, read by the guide and by `kontor check`."""

from contracts.connector import FieldType
from contracts.offer import Offer

PAYMENT: dict[str, FieldType] = {
    "order": "string",
    "payment_method": "string",
    "amount_cents": "cents",
    "currency": "string",
    "reason": "string",
}

OFFERS = (
    Offer(
        operation="refund",
        arguments={**PAYMENT, "lines": "list"},
        what="Pay money back by the method it was paid by; `lines` are `{line, sku, quantity}`, maybe none.",
        things="refunds",
        undo="void_refund",
        money="amount_cents",
    ),
    Offer(
        operation="restock",
        arguments={"order": "string", "lines": "list", "condition": "string"},
        what="Book pieces in; `condition` is sellable or damaged.",
        things="restocking",
        undo="unstock",
    ),
    Offer(
        operation="mark_order",
        arguments={"order": "string", "mark": "string", "lines": "list"},
        what="Mark pieces at the order; `mark` is returned or exchanged.",
        things="marks",
        undo="unmark_order",
    ),
    Offer(
        operation="notify",
        arguments={"order": "string", "subject": "string", "text": "string"},
        what="Write to the customer; what was said cannot be unsaid.",
    ),
    Offer(
        operation="cancel_order",
        arguments={"order": "string", "reason": "string"},
        what="Stop an order that has not left the house.",
        things="cancellations",
        undo="reopen_order",
    ),
    Offer(
        operation="authorise_return",
        arguments={"order": "string", "rma": "string", "lines": "list", "postage": "string"},
        what="Expect pieces back under the number `rma`; `postage` is paid by ours or customers.",
        things="returns on their way",
        undo="cancel_return",
        without="a return is settled without waiting for its goods",
    ),
    Offer(
        operation="repair",
        arguments={"order": "string", "rma": "string", "lines": "list"},
        what="Have pieces that came back under the number `rma` repaired, and send them to their customer.",
        things="repairs",
        undo="cancel_repair",
        without="a repair is a person's",
    ),
    Offer(
        operation="change_items",
        arguments={"order": "string", "lines": "list"},
        what="Change items of an order that has not left; `lines` are `{line, sku, quantity, new_sku}`.",
        things="changed items",
        undo="revert_change",
    ),
    Offer(
        operation="change_address",
        arguments={"order": "string", "address": "string"},
        what="Send an order that has not left to another address.",
        things="changed addresses",
        undo="revert_change",
    ),
    Offer(
        operation="change_payment",
        arguments={"order": "string", "payment_method": "string"},
        what="Move what was paid to another way of paying.",
        things="changed ways of paying",
        undo="revert_change",
    ),
    Offer(
        operation="reserve",
        arguments={"order": "string", "sku": "string", "quantity": "integer"},
        what="Put aside what is wanted instead, for exchanges.",
        things="reservations",
        undo="release",
    ),
    Offer(
        operation="charge",
        arguments=PAYMENT,
        what="Take the difference of an exchange for something dearer.",
        things="charges",
        undo="void_charge",
        money="amount_cents",
        direction="in",
    ),
)

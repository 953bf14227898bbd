"""Which of a customer's orders a text means that names none: only what it names counts."""

import pytest

from workflows.returns.matching.orders import match_orders

SHIRT_S, SHIRT_M, LAMP = "Linen shirt S white", "Linen shirt M white", "Desk lamp black"


def order(*lines: str) -> str:
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "orders", "picked", "sure"),
    [
        ("I return the desk lamp.", [order(SHIRT_S), order(LAMP)], (1,), True),
        ("The linen shirt in M is too wide.", [order(SHIRT_S), order(SHIRT_M)], (1,), True),
        ("I return the shirt and the lamp.", [order(SHIRT_S), order(SHIRT_S, LAMP)], (1,), True),
        ("I return the lamp, but I keep the shirt.", [order(SHIRT_S), order(LAMP)], (1,), True),
        ("The linen shirt does not fit.", [order(SHIRT_S, SHIRT_M), order(LAMP)], (0,), True),
        ("The linen shirt does not fit.", [order(SHIRT_S), order(SHIRT_M)], (0, 1), False),
        ("The linen shirt does not fit.", [order(SHIRT_S), order(SHIRT_S, LAMP)], (0, 1), False),
        ("I return the shirt and the lamp.", [order(SHIRT_S), order(LAMP)], (0, 1), False),
        ("The toaster is broken.", [order(SHIRT_S)], (), False),
        ("I return my order.", [order(SHIRT_S)], (), False),
        ("I return my order.", ["", ""], (), False),
    ],
)
def test_an_order_is_meant_if_it_alone_holds_every_thing_that_is_named(
    text: str, orders: list[str], picked: tuple[int, ...], sure: bool
) -> None:
    found = match_orders(text, orders)
    assert (found.picked, found.sure) == (picked, sure)

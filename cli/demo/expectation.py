"""What should become of each message of the morning, written down before the desk read it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, Self

from contracts.base import Frozen
from contracts.effect import EffectState
from contracts.json_lines import read_json_lines
from contracts.ledger import LedgerEntry
from contracts.money import signed
from contracts.office import OfficeInvalid
from workflows.returns.types import DIRECTIONS

BACK = ("authorise_return", "mark_order")
"""What names the pieces that come back: where a channel expects parcels, and where it has them."""


class Done(Frozen):
    """What is done for one order, whoever does it in whatever steps.

    Attributes:
        back: pieces by line that come back, for money or for others.
        new: the SKUs that go out instead.
        changed: by line, what it becomes before it has left.
        out_cents: money to the customer, less money from them.
    """

    back: dict[str, int] = {}
    new: tuple[str, ...] = ()
    changed: dict[str, str] = {}
    address: str = ""
    payment: str = ""
    cancelled: bool = False
    out_cents: int = 0

    @classmethod
    def of(cls, entries: Iterable[LedgerEntry]) -> Self:
        """Return what stands of one order's effects."""
        back: Counter[str] = Counter()
        found: dict[str, object] = {}
        changed: dict[str, str] = {}
        new: list[str] = []
        cents = 0
        for entry in entries:
            effect = entry.order.effect
            if entry.receipt.state is not EffectState.APPLIED:
                continue
            told = effect.arguments
            lines = told.get("lines")
            if effect.operation in DIRECTIONS:
                cents += signed(effect.amount_cents, DIRECTIONS[effect.operation])
            if effect.operation in BACK and isinstance(lines, list):
                back |= Counter(
                    {str(one["line"]): int(str(one["quantity"])) for one in lines if isinstance(one, dict)}
                )
            if effect.operation == "change_items" and isinstance(lines, list):
                changed |= {str(one["line"]): str(one["new_sku"]) for one in lines if isinstance(one, dict)}
            if effect.operation == "reserve":
                new.append(str(told["sku"]))
            found |= {
                name: str(told[argument]) for (made, name, argument) in _SAID if made == effect.operation
            }
            found |= {"cancelled": True} if effect.operation == "cancel_order" else {}
        whole = {"back": dict(back), "new": sorted(new), "changed": changed, "out_cents": cents}
        return cls.model_validate(whole | found)

    def within(self, other: "Done") -> bool:
        """Say whether this is a part of what another is: nothing in it is otherwise."""
        return (
            all(count <= other.back.get(line, 0) for line, count in self.back.items())
            and not Counter(self.new) - Counter(other.new)
            and self.changed.items() <= other.changed.items()
            and self.address in ("", other.address)
            and self.payment in ("", other.payment)
            and self.cancelled <= other.cancelled
            and self.out_cents in (0, other.out_cents)
        )


_SAID = (("change_address", "address", "address"), ("change_payment", "payment", "payment_method"))

NOTHING = Done()


class Expected(Frozen):
    """What a careful person would make of one message.

    Attributes:
        id, channel: the request's.
        end: `settled` as `does` says; `denied`, and the customer told why; `answered` with news; `awaited`:
            nothing is paid before the goods come; `person`: nobody could settle it but a person.
        does: by order.
        means: what they say yes to when asked whether this is what they wish, a line each.
        replies: what they answer to any other question, in order.
        why: what is hard about it.
    """

    id: str
    channel: str
    end: Literal["settled", "denied", "answered", "awaited", "person"]
    does: dict[str, Done] = {}
    means: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    why: str = ""

    def fits(self, done: Mapping[str, Done]) -> bool:
        """Say whether exactly this was done."""
        theirs = {order: each for order, each in done.items() if each != NOTHING}
        return theirs == self.does

    def allows(self, done: Mapping[str, Done]) -> bool:
        """Say whether nothing was done but what this says, though perhaps not all of it yet."""
        return all(each.within(self.does.get(order, NOTHING)) for order, each in done.items())


def read_expected(file: Path) -> dict[tuple[str, str], Expected]:
    """Return what is expected, by channel and request id.

    Raises:
        OfficeInvalid: with every bad line.
    """
    found, problems = read_json_lines(file, Expected)
    if problems:
        raise OfficeInvalid(problems)
    return {(each.channel, each.id): each for _, each in found}

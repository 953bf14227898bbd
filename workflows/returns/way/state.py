"""Where a return stands on its way."""

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.base import Frozen
    from contracts.waits import Wait
    from workflows.returns.sums import WHOLE
    from workflows.returns.types import COME_BACK, Goods, Intent, Postage
    from workflows.returns.way.goods import ReturnedGoods
    from workflows.returns.way.told import FoundTold

ALTERNATIVES: tuple[tuple[Goods, Postage], ...] = (
    ("kept", "customers"),
    ("expected", "ours"),
    ("expected", "customers"),
    ("awaited", "ours"),
    ("awaited", "customers"),
)
"""What policy is asked for a return, the best for the customer first: the last asks for nothing but goods.

What is exchanged goes ahead of the old piece always (`AHEAD`): who swaps has paid for one of the two.
"""
AHEAD: Goods = "expected"
SHARES = tuple(range(WHOLE - 5, 0, -5))
"""What is refunded of the goods' worth where policy denies the whole, in percent: the most that it allows."""
ON_THEIR_WAY: tuple[Goods, ...] = ("expected", "awaited")


class Wish(Frozen):
    """One of several wishes, as it was when what comes back was sent off.

    Attributes:
        pieces: how many pieces of each line are to come for it.
        facts: what policies read of it then.
    """

    pieces: dict[str, int] = {}
    facts: dict[str, JsonValue] = {}


class Way(Frozen):
    """A return on its way.

    Attributes:
        rma: the number under which the goods are expected.
        goods: where the goods are.
        postage: who pays for their way back.
        paid: money went out before the goods came.
        back: what is expected, what came, and how it was found.
        wait: how long they are waited for; None while nobody waits.
        reminded: the customer was reminded.
        begun: what was proposed before the goods came, in outline and with its claims; its facts hold for
            what follows. It may have had thousands of lines, and what waits is handed from run to run.
        wishes: each of several wishes, in their order; empty where there is one.
        share: what is refunded of the worth of goods that were inspected, in percent.
        share_why: the policies' sentences that say why it is not the whole.
    """

    rma: str = ""
    goods: Goods = "handed_over"
    postage: Postage = "customers"
    paid: bool = False
    back: ReturnedGoods = ReturnedGoods()
    wait: Wait | None = None
    reminded: bool = False
    begun: Plan | None = None
    wishes: tuple[Wish, ...] = ()
    share: int = WHOLE
    share_why: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, JsonValue]:
        """What policies read of it."""
        missing = sum(self.back.expected.values()) - sum(self.back.received().values())
        return {
            "goods": self.goods,
            "condition": self.back.worst,
            "return_postage": self.postage,
            "pieces_missing": missing if self.goods == "inspected" else 0,
            "share_percent": self.share,
        }

    @property
    def judged_by_parts(self) -> bool:
        """Whether one of several wishes was met before, and the money of another waited for its goods."""
        return bool(self.wishes) and not self.paid

    @property
    def on_its_way(self) -> bool:
        """Whether the goods are to come."""
        return self.goods in ON_THEIR_WAY

    def alternatives(self, *, refunds: bool = True) -> "list[Way]":
        """Return the ways that it may go, the best for the customer first.

        Args:
            refunds: whether anything is to be refunded for goods; if not, they are only exchanged.
        """
        ways = [self.model_copy(update={"goods": goods, "postage": by}) for goods, by in ALTERNATIVES]
        return ways if refunds else [way for way in ways if way.goods == AHEAD]

    def of(self, place: int, intent: Intent) -> "Way":
        """Return the way of one of several wishes; what is about no goods has none.

        Args:
            place: the wish's place among them.
            intent: what it wishes.
        """
        if self.goods == "handed_over":
            return self
        if intent not in COME_BACK:
            return Way()
        if self.begun is None:
            return self.model_copy(update={"goods": AHEAD}) if intent is Intent.EXCHANGE else self
        if not self.wishes:
            return self
        back = self.back.shared_out([wish.pieces for wish in self.wishes])[place]
        share = self.share if intent is Intent.RETURN else WHOLE
        return self.model_copy(update={"back": back, "share": share})

    def as_in(self, plan: Plan) -> "Way":
        """Return the way by which a plan was made; a plan of an earlier version knew of none."""
        names = {"goods": "goods", "postage": "return_postage", "share": "share_percent"}
        said = {field: plan.facts.get(fact) for field, fact in names.items()}
        return self.model_validate({**dict(self), **{name: word for name, word in said.items() if word}})

    def sent_off(self, pieces: dict[str, int], plan: Plan, wishes: tuple[Wish, ...] = ()) -> "Way":
        """Return the way once the customer was told to send these pieces, and what was proposed is done.

        Args:
            pieces: how many of each line.
            plan: what was proposed.
            wishes: each of several wishes.
        """
        begun = plan.in_outline().model_copy(update={"claims": plan.claims, "pieces": plan.pieces})
        sent = {"back": ReturnedGoods(expected=pieces), "begun": begun, "wishes": wishes}
        return self.model_copy(update={**sent, "paid": self.goods != "awaited"})

    def once_back(self, pieces: dict[str, int]) -> "Way":
        """Return the way as it will be if all these pieces come back as they were sent."""
        seen = tuple(
            FoundTold(line=line, quantity=count, condition="sellable") for line, count in pieces.items()
        )
        return self.model_copy(
            update={"goods": "inspected", "back": ReturnedGoods(expected=pieces, seen=seen)}
        )

    def arrived(self) -> "Way":
        """Return the way once goods were looked at."""
        return self.model_copy(update={"goods": "inspected"})

    def shared(self, percent: int, why: tuple[str, ...]) -> "Way":
        """Return the way with less than the whole refunded, and why."""
        return self.model_copy(update={"share": percent, "share_why": why})

    def lost(self) -> "Way":
        """Return the way once nobody waits for the goods any more."""
        return self.model_copy(update={"goods": "lost"})

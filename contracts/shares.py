"""What effects are done for: an order's line, its postage, a way it was paid; each is an account.

A plan says which part of each effect falls on which account. The parts are booked in the commit that
permits the effects, so that a plan made meanwhile for the same account is seen to be out of date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.base import Frozen


class Share(Frozen):
    """The part of one effect that falls on one account: so many pieces, so much money."""

    account: str
    quantity: int = 0
    amount_cents: int = 0


class PieceClaim(Frozen):
    """Pieces of one account that a case asks for: other open cases may ask for what is left of it.

    Attributes:
        account: the account.
        count: how many pieces the case asks for.
        left: how many were left when the plan was made, by its system and by what our books hold for done.
    """

    account: str
    count: int
    left: int


class HeldInPart(Exception):
    """Other open cases ask for some of the pieces, and too few are left beside them."""

    def __init__(self, wanted: PieceClaim, free: int, case_id: str) -> None:
        asks = f"{wanted.count} pieces are asked for, and {free} are left beside what {case_id} asks for"
        super().__init__(f"{wanted.account}: {asks}")


class SaidBefore(Exception):
    """Another case asked for pieces of an account in the same words: it may be the same request."""

    def __init__(self, wanted: PieceClaim, case_id: str) -> None:
        asks = f"{case_id} asked for pieces in the same words: it may be the same request, handed in twice"
        super().__init__(f"{wanted.account}: {asks}")


class Done(Frozen):
    """What stands on one account by one operation: permitted, begun or done, and not undone.

    Attributes:
        quantity: pieces.
        amount_cents: money.
        pending_cents: what of that may not have been applied yet.
    """

    account: str
    operation: str
    quantity: int = 0
    amount_cents: int = 0
    pending_cents: int = 0


class Subject(Frozen):
    """What accounts belong to, such as an order.

    Attributes:
        name: what the names of its accounts begin with.
        connector: the system that it is known at.
        id: its own id there.
        before: by account, what its system said of it when our books held nothing for it yet; what it said
            nothing of is left out. `contracts.reconciliation.statement` names the accounts.
    """

    name: str
    connector: str
    id: str
    before: dict[str, int] = {}


class Accounts(Frozen):
    """Which accounts to look up, and whose own shares to leave out.

    Attributes:
        own_too: what that case has done itself counts, too; what it may still do never does.
    """

    names: tuple[str, ...]
    case_id: str
    own_too: bool = False


class Books(Frozen):
    """What our books say of some accounts.

    Attributes:
        done: what other cases did for them.
        versions: how often each was booked on; one that never was is left out.
    """

    done: tuple[Done, ...] = ()
    versions: dict[str, int] = {}


class AccountsMoved(Exception):
    """Somebody booked on an account since it was looked up: the plan made from it is out of date."""


@dataclass(frozen=True)
class Booking:
    """What a plan books.

    Attributes:
        accounts: those that it was made from.
        versions: how often each of them had been booked on then.
        shares: by the key of each permitted effect: its operation, and what falls on which account.
        subject: what the accounts belong to, as it was when the plan was made; None if the plan is older.
    """

    accounts: Sequence[str]
    versions: Mapping[str, int]
    shares: Mapping[str, tuple[str, Sequence[Share]]]
    subject: Subject | None = None

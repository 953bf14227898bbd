"""Do our books agree with the channels, to the cent? The count comes from the sandbox's own database."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from contracts.effect import EffectState
from contracts.ledger import LedgerEntry
from contracts.money import signed
from workflows.returns.types import DIRECTIONS

PAGE_TIMEOUT_SECONDS = 30.0

Payment = tuple[str, str, str, int]
"""Channel, operation, order, cents."""


@dataclass(frozen=True)
class Reckoning:
    """What the channels made against what our ledger says was made.

    Attributes:
        twice: payments the channel made more often than our ledger says.
        lost: payments our ledger says were made and the channel does not know.
        out_cents: refunds that stand at the channels, less charges.
        difference_cents: the channels' money out less our ledger's.
    """

    payments: int
    twice: tuple[Payment, ...]
    lost: tuple[Payment, ...]
    out_cents: int
    difference_cents: int

    @property
    def agrees(self) -> bool:
        """True when nothing was lost, nothing paid twice, and the money is equal."""
        return not self.twice and not self.lost and self.difference_cents == 0


def channel_payments(sandbox_url: str) -> Counter[Payment]:
    """Return every payment that stands at the channels, from the sandbox's own books."""
    found: Counter[Payment] = Counter()
    for operation in DIRECTIONS:
        url = f"{sandbox_url}/admin/books"
        books = httpx.get(url, params={"kind": operation}, timeout=PAGE_TIMEOUT_SECONDS).json()
        for channel, kinds in books.items():
            for entry in kinds.get(operation, []):
                if entry["undone_by"] is None:
                    found[channel, operation, entry["order"], entry["amount_cents"]] += 1
    return found


def ledger_payments(entries: Iterable[LedgerEntry]) -> Counter[Payment]:
    """Return every payment that our ledger holds for applied and not undone."""
    found: Counter[Payment] = Counter()
    for entry in entries:
        effect = entry.order.effect
        if effect.operation in DIRECTIONS and entry.receipt.state is EffectState.APPLIED:
            found[
                effect.connector, effect.operation, str(effect.arguments["order"]), effect.amount_cents
            ] += 1
    return found


def compare(outside: Counter[Payment], ours: Counter[Payment]) -> Reckoning:
    """Compare the two sides, payment by payment."""
    out = _money_out(outside)
    return Reckoning(
        payments=outside.total(),
        twice=tuple((outside - ours).elements()),
        lost=tuple((ours - outside).elements()),
        out_cents=out,
        difference_cents=out - _money_out(ours),
    )


def _money_out(payments: Counter[Payment]) -> int:
    return sum(
        signed(cents, DIRECTIONS[operation]) * count for (_, operation, _, cents), count in payments.items()
    )

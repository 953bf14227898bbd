"""An effect as people read it: what is done where, for how much, with the words that a customer reads."""

from dataclasses import dataclass

from contracts.effect import EffectState, ProposedEffect
from contracts.ledger import LedgerEntry
from contracts.money import money_text
from contracts.wording import SUBJECT, TEXT
from service.words import fields_in_words

MEANING = {
    EffectState.INTENDED: "written down, not sent yet",
    EffectState.SENT: "under way",
    EffectState.APPLIED: "done",
    EffectState.FAILED: "not done, surely",
    EffectState.UNKNOWN: "nobody knows whether it was done",
    EffectState.COMPENSATED: "done and taken back",
}
TONE = {
    EffectState.APPLIED: "good",
    EffectState.FAILED: "bad",
    EffectState.UNKNOWN: "bad",
    EffectState.SENT: "now",
    EffectState.INTENDED: "now",
    EffectState.COMPENSATED: "",
}


@dataclass(frozen=True)
class EffectLine:
    """One effect.

    Attributes:
        what: what is done, as `Refund at webshop`.
        money: how much moves; empty for nothing.
        subject, text: what a customer reads; empty where nobody is written to.
        arguments: everything else that it says.
    """

    what: str
    money: str
    subject: str
    text: str
    arguments: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DoneLine:
    """One effect that was begun, and what became of it."""

    effect: EffectLine
    key: str
    state: str
    meaning: str
    tone: str
    reference: str
    attempts: int
    looked_up: bool
    why: str


def effect_line(effect: ProposedEffect) -> EffectLine:
    """Return an effect in words."""
    arguments = dict(effect.arguments)
    subject, text = arguments.pop(SUBJECT, ""), arguments.pop(TEXT, "")
    return EffectLine(
        what=f"{in_title(effect.operation)} at {effect.connector}",
        money=money_text(effect.amount_cents, effect.currency) if effect.amount_cents else "",
        subject=str(subject),
        text=str(text),
        arguments=tuple(fields_in_words(arguments, effect.currency)),
    )


def done_line(entry: LedgerEntry) -> DoneLine:
    """Return an effect of the ledger in words."""
    receipt = entry.receipt
    return DoneLine(
        effect=effect_line(entry.order.effect),
        key=receipt.key,
        state=receipt.state.value,
        meaning=MEANING[receipt.state],
        tone=TONE[receipt.state],
        reference=receipt.outside_reference or "",
        attempts=receipt.attempts,
        looked_up=receipt.looked_up,
        why=receipt.reason or "",
    )


def in_title(name: str) -> str:
    """Return a name of ours as a title: `authorise_return` is `Authorise return`."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]

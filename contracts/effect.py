"""One change in the outside world, and the permit without which it does not happen."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from contracts.base import Arguments, Frozen, content_hash
from contracts.shares import Share
from contracts.wording import SUBJECT, TEXT, Wording, Written


class EffectState(StrEnum):
    """Where an effect stands in the ledger.

    `intended → sent → applied | failed | unknown`, `unknown → applied | failed` by look-up or by
    a person, `applied → compensated`.
    """

    INTENDED = "intended"
    SENT = "sent"
    APPLIED = "applied"
    FAILED = "failed"
    UNKNOWN = "unknown"
    COMPENSATED = "compensated"

    @property
    def at_rest(self) -> bool:
        """True once nothing more happens to it by itself, and it is known whether it stands outside."""
        return self in (EffectState.APPLIED, EffectState.FAILED, EffectState.COMPENSATED)

    @property
    def stands(self) -> bool:
        """True while it may be done outside, and is not taken back."""
        return self not in (EffectState.FAILED, EffectState.COMPENSATED)


class ProposedEffect(Frozen):
    """An effect before anybody allowed it.

    Attributes:
        step: the step's constant name in the desk's story, for instance `refund`.
        connector: the outside system, for instance `webshop`.
        operation: an operation of its manifest.
        amount_cents: the money that moves, 0 for none; it must equal the manifest's money argument.
        currency: of that money; it must be named where money moves.
        shares: what it is done for, if our books keep an account of that.
        facts: those of the plan's facts that are otherwise for this effect: a plan may serve several wishes.
        wording: what it tells a customer, where its subject and text are the office's.
    """

    step: str
    connector: str
    operation: str
    arguments: Arguments
    amount_cents: int = 0
    currency: str = ""
    shares: tuple[Share, ...] = ()
    facts: Arguments = {}
    wording: Wording | None = None

    def written(self, words: Written) -> "ProposedEffect":
        """Return the effect with the office's words for it."""
        return self.model_copy(update={"arguments": {**self.arguments, **words.arguments}})

    @property
    def is_worded(self) -> bool:
        """Whether it says already what the customer reads."""
        return TEXT in self.arguments

    def does_what(self, other: "ProposedEffect") -> bool:
        """Say whether two effects do the same; one of an earlier version names no shares and no wording."""
        bare: dict[str, object] = {"shares": ()}
        if self.wording is None or other.wording is None:
            bare["wording"] = None
        told = self.wording is not None or other.wording is not None
        one, two = (
            each.model_copy(
                update={**bare, "arguments": _unworded(each.arguments) if told else each.arguments}
            )
            for each in (self, other)
        )
        return one == two

    @property
    def arguments_hash(self) -> str:
        """The hash that a permit binds."""
        return content_hash(self.arguments)


def _unworded(arguments: Arguments) -> Arguments:
    return {name: value for name, value in arguments.items() if name not in (SUBJECT, TEXT)}


class Permit(Frozen):
    """Leave to execute one effect with exactly these arguments, once, for a while.

    It is issued and kept by the data plane; a workflow carries only its id.

    Attributes:
        amount_cents: the money that may move, of `currency`.
    """

    id: str
    effect_key: str
    case_id: str
    connector: str
    operation: str
    arguments_hash: str
    connector_version: str
    policy_version: str
    office_version: str
    basis: str
    amount_cents: int
    currency: str
    expires_at: datetime


class EffectOrder(Frozen):
    """What a workflow hands to the data plane: do this, under that permit.

    Attributes:
        compensates: the key of the effect this one undoes.
    """

    case_id: str
    key: str
    effect: ProposedEffect
    permit_id: str
    compensates: str | None = None


@dataclass(frozen=True)
class OutsideResult:
    """An effect as its outside system knows it: what a call, a look-up or a listing brought back.

    Attributes:
        reference: the outside system's own id of what was made.
        result: the operation's declared result fields.
    """

    reference: str | None
    result: dict[str, JsonValue] = field(default_factory=dict)


class EffectReceipt(Frozen):
    """What became of an effect.

    Attributes:
        outside_reference: the outside system's own id of what was made.
        result: the operation's declared result fields.
        attempts: how many calls were made in all.
        looked_up: true if a look-up, not an answer, showed that it was applied.
        reason: why it failed or is unknown, in words for a person.
    """

    key: str
    state: EffectState
    outside_reference: str | None = None
    result: dict[str, JsonValue] = {}
    attempts: int = 0
    looked_up: bool = False
    reason: str | None = None

"""One change in the outside world, and the permit without which it does not happen."""

from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from contracts.canonical import Arguments, content_hash
from contracts.frozen import Frozen


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


class ProposedEffect(Frozen):
    """An effect before anybody allowed it.

    Attributes:
        step: the step's constant name in the desk's story, for instance `refund`.
        connector: the outside system, for instance `webshop`.
        operation: an operation of its manifest.
        amount_cents: the money that moves, 0 for none; it must equal the manifest's money argument.
    """

    step: str
    connector: str
    operation: str
    arguments: Arguments
    amount_cents: int = 0
    currency: str = "EUR"

    @property
    def arguments_hash(self) -> str:
        """The hash that a permit binds."""
        return content_hash(self.arguments)


class Permit(Frozen):
    """Leave to execute one effect with exactly these arguments, once, for a while.

    It is issued and kept by the data plane; a workflow carries only its id.
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

"""What the router asks: anything that can answer a question of some task."""

from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import JsonValue

from contracts.decision import Question
from contracts.evidence import Evidence
from contracts.frozen import Frozen
from models.calibration import AcceptRule
from models.catalogue import TaskSpec

FailureMode = Literal[
    "failed", "timeout", "rate_limited", "unavailable", "unreachable", "refused", "garbled", "out_of_budget"
]
"""Ways in which no answer comes at all; those in which one comes are `Reply.outcome`."""


class CandidateFailed(Exception):
    """A candidate could not answer at all: no connection, a limit, a time-out.

    Attributes:
        why: words for a person.
        mode: the failure's name in the metrics.
        retry_after_seconds: what the provider asked us to wait, if it did.
        its_fault: False if it was not even asked, for instance because the money is out.
        billed: True if the provider may charge for it all the same.
    """

    def __init__(
        self,
        why: str,
        *,
        mode: FailureMode = "failed",
        retry_after_seconds: float | None = None,
        its_fault: bool = True,
        billed: bool = False,
    ) -> None:
        """Keep why, and when it may be asked again."""
        super().__init__(why)
        self.why = why
        self.mode = mode
        self.retry_after_seconds = retry_after_seconds
        self.its_fault = its_fault
        self.billed = billed


@dataclass(frozen=True)
class Asked:
    """A question with the task it belongs to, its name and specification.

    Attributes:
        left_seconds: what is left of the task's latency budget.
    """

    name: str
    task: TaskSpec
    question: Question
    left_seconds: float = 120.0


class Readiness(Frozen):
    """Whether a candidate can be asked, before anything is spent.

    Attributes:
        unavailable: why it cannot be asked; empty if it can.
        accept: the calibrated rule it accepts its own answers by; None if it has none.
    """

    unavailable: str = ""
    accept: AcceptRule | None = None


class Reply(Frozen):
    """What a candidate concluded.

    Attributes:
        outcome: `answered` if it stands by its answer; `unsure` if the answer is only its best
            guess; or a named failure.
        why: what the route says about it, for instance `confidence 0.97, 0.81 is enough`.
        version: hash of the trained head, of the rule's source, or the provider's model version.
    """

    outcome: Literal["answered", "unsure", "ungrounded", "blocked", "truncated", "malformed"]
    answer: dict[str, JsonValue] | None
    why: str
    version: str
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    prompt_hash: str | None = None
    cost_microusd: int = 0
    cached: bool = False


class Candidate(Protocol):
    """One model of `models.toml`, ready to be asked."""

    @property
    def by(self) -> Literal["local", "gemini", "rule"]:
        """What kind of decider it is, for the provenance."""

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Load or train what the task needs, once; say whether it can be asked. Costs no money."""

    async def answer(self, asked: Asked) -> Reply:
        """Answer; raises CandidateFailed. Cancelled when the task's latency budget runs out."""

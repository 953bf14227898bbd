"""What the router asks: anything that can answer a question of some task."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import JsonValue

from contracts.base import Frozen
from contracts.decision import Question
from contracts.evidence import Evidence
from models.routing.catalogue import TaskSpec

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
        foreign: the language of its text, if the office does not read it.
    """

    name: str
    task: TaskSpec
    question: Question
    left_seconds: float = 120.0
    foreign: str = ""


class AcceptRule(Frozen):
    """When an answer is good enough to be accepted.

    Attributes:
        threshold: the least confidence that is accepted; None when no threshold keeps the promise.
        coverage: share of the held-out examples that are accepted.
        error: share of wrong answers among them.
        error_bound: with probability `target_confidence`, the true error is below it.
        held_out: how many examples that rests on.
    """

    threshold: float | None
    coverage: float
    error: float
    error_bound: float
    target_error: float
    target_confidence: float
    held_out: int


class Readiness(Frozen):
    """Whether a candidate can be asked, before anything is spent.

    Attributes:
        unavailable: why it cannot be asked; empty if it can.
        accept: the calibrated rule it accepts its own answers by; None if it has none.
    """

    unavailable: str = ""
    accept: AcceptRule | None = None


class CandidateReply(Frozen):
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

    async def answer(self, asked: Asked) -> CandidateReply:
        """Answer; raises CandidateFailed. Cancelled when the task's latency budget runs out."""


class Answers(Protocol):
    """A store of replies by key, limited in size and age; implemented in `memory/`."""

    def find(self, key: str, now: datetime) -> CandidateReply | None:
        """Return a reply that is not too old."""

    def keep(self, key: str, reply: CandidateReply, now: datetime) -> None:
        """Keep a reply, letting the oldest go when there are too many."""


class DryRunCandidate:
    """Stands in for a paid candidate where a question is only tried out."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    @property
    def by(self) -> Literal["local", "gemini", "rule"]:
        """What kind of decider the real one is."""
        return self._candidate.by

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Say what the real one says."""
        return await self._candidate.prepare(name, task)

    async def answer(self, asked: Asked) -> CandidateReply:
        """Say that the real one would be asked here."""
        del asked
        raise CandidateFailed("would be asked now, and cost money", its_fault=False)

"""What the activities need from the rest of the house, as Protocols; the worker wires the real ones.

Ports that only touch SQL are plain methods (activities call them in a thread); ports that wait for
a network or a model are coroutines.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from contracts.approval import Answer, Approval, ApprovalRequest
from contracts.canonical import Arguments
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Question
from contracts.effect import EffectOrder, EffectReceipt, Permit
from contracts.episode import Episode
from contracts.listing import OutsidePage
from contracts.manifest import Manifest
from contracts.memory import Context, ContextRequest, Memory
from contracts.verdict import Plan, Verdict


class Sent(Protocol):
    """What a connector's call or look-up brought back."""

    @property
    def reference(self) -> str | None:
        """The outside system's own id."""

    @property
    def result(self) -> dict[str, JsonValue]:
        """The declared result fields."""


class Outside(Protocol):
    """All connectors of the office."""

    def manifest(self, connector: str) -> Manifest:
        """Return the manifest; raises KeyError for a connector the office does not have."""

    async def read(self, connector: str, operation: str, arguments: Arguments) -> dict[str, JsonValue]:
        """Call a read operation and return its declared fields; raises CallFailed."""

    async def send(self, connector: str, operation: str, arguments: Arguments, key: str) -> Sent:
        """Call a write operation once, with no retry of any kind; raises CallFailed."""

    async def look_up(
        self,
        connector: str,
        operation: str,
        arguments: Arguments,
        key: str,
        sent_at: datetime,
        *,
        taken: Collection[str] = (),
    ) -> Sent | None:
        """Find an effect that may have been made; None means surely absent; raises CallFailed.

        Outside references in `taken` belong to other effects of ours and are never a match, so that
        two equal refunds of one order are not read as one.
        """

    async def list_page(self, connector: str, cursor: str | None, limit: int) -> OutsidePage:
        """Return one page of what the system itself says happened; raises CallFailed.

        Raises KeyError for a connector whose manifest declares no listing.
        """


class Ledger(Protocol):
    """The authoritative record of every effect."""

    def begin(
        self, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime
    ) -> EffectReceipt:
        """Check and redeem the permit, and write the row as `intended`, in one transaction.

        An existing row of the same key is returned as it stands; the same key with other arguments
        is refused. Raises PermitRefused.
        """

    def sending(self, key: str, now: datetime) -> int:
        """Mark the row `sent` and return the number of this attempt, from 1."""

    def attempt_failed(self, key: str, attempt: int, failure: str, why: str, now: datetime) -> None:
        """Keep what happened to one attempt."""

    def settle(self, receipt: EffectReceipt, now: datetime) -> EffectReceipt:
        """Move the row to the receipt's state; a move the state machine forbids raises ValueError."""

    def find(self, key: str) -> EffectReceipt | None:
        """Return where an effect stands, or None if it was never intended."""


class Permits(Protocol):
    """Leave to act, kept in the data plane's own books."""

    def issue(self, permits: Sequence[Permit]) -> None:
        """Write permits; one that exists already stays as it was."""


class Claims(Protocol):
    """Who works on what: one open case for each order line."""

    def claim(self, case_id: str, claims: Sequence[str], now: datetime) -> str | None:
        """Take all claims or none; return the open case that holds one of them, if any."""

    def release(self, case_id: str) -> None:
        """Give a case's claims back."""


class PolicyEngine(Protocol):
    """Verdicts."""

    @property
    def version(self) -> str:
        """The hash of all policies."""

    def judge(self, plan: Plan) -> tuple[Verdict, ...]:
        """Return a verdict for each effect of the plan, in order. Never raises: an error denies."""

    def may_answer(self, person: str, request: ApprovalRequest, at: datetime) -> Verdict:
        """Say whether this person may answer this request now."""


class Approvals(Protocol):
    """The queue of waiting approvals, authoritative in SQL."""

    def open(self, request: ApprovalRequest) -> None:
        """Show the request in the queue; opening twice keeps one."""

    def answered(self, request: ApprovalRequest, answer: Answer, standing: str, at: datetime) -> None:
        """Keep an answer with how it stood: `valid`, `late`, `foreign`, `duplicate` and so on."""

    def close(self, approval: Approval, at: datetime) -> None:
        """Take the request out of the queue with its outcome."""


class Cases(Protocol):
    """The office's list of cases."""

    def save(self, record: CaseRecord) -> None:
        """Insert or update a case's row; an older `updated_at` never overwrites a newer one."""

    def find(self, case_id: str) -> CaseRecord | None:
        """Return a case's row."""

    def earlier(self, customer: str, desk: str, status: CaseStatus, since: datetime) -> int:
        """Count a customer's cases that ended so since then."""


class Episodes(Protocol):
    """The append-only log."""

    def append(self, episodes: Sequence[Episode]) -> None:
        """Append what is not there yet, in order, in one transaction."""


class Bookkeeper(Protocol):
    """A case's row and its episodes, in one commit."""

    def record(self, case: CaseRecord, episodes: Sequence[Episode]) -> None:
        """Save the row as `Cases.save` does and append as `Episodes.append` does, both or neither."""


class Decisions(Protocol):
    """Every decision, kept with its provenance."""

    def keep(self, case_id: str, step: str, decision: Decision) -> None:
        """Write a decision; the same case and step again replaces nothing."""


class Verdicts(Protocol):
    """Every verdict, kept so that it can be computed again."""

    def keep(self, case_id: str, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts; one that exists already stays as it was."""


class Router(Protocol):
    """The choice between local classifiers, Gemini and a person."""

    async def decide(self, question: Question) -> Decision:
        """Answer, or say `unsure` with the best guess."""


class Recall(Protocol):
    """Semantic memory and the context assembler."""

    async def assemble(self, request: ContextRequest) -> Context:
        """Return what fits the token budget, most useful first."""

    async def remember(self, memories: Sequence[Memory]) -> tuple[str, ...]:
        """Write memories, SQL first, then vectors; return their ids."""


class Secrets(Protocol):
    """Secret values, read at the moment of use and never kept."""

    def read(self, name: str) -> str:
        """Return the value; raises KeyError naming the secret (never its value) if there is none."""

"""What the activities need from the rest of the house, as Protocols; the worker wires the real ones.

Ports that only touch SQL are plain methods (activities call them in a thread); ports that wait for
a network or a model are coroutines.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from contracts.approval import Answer, Approval, ApprovalRecord, ApprovalRequest
from contracts.asking import Asking, Ending, Moments, Nudge, Opened, Reply, Submission
from contracts.canonical import Arguments
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Inquiry, Question
from contracts.dispatch import Dispatch
from contracts.divergence import Divergence
from contracts.effect import EffectOrder, EffectReceipt, Permit
from contracts.episode import Episode
from contracts.failure import FailureClass
from contracts.ledger import LedgerEntry
from contracts.listing import OutsidePage
from contracts.manifest import Manifest
from contracts.memory import (
    Agreement,
    Comparison,
    Context,
    ContextRequest,
    Document,
    Forgotten,
    Imported,
    Memory,
    MemoryStats,
    Recalled,
    Search,
)
from contracts.model_batch import BatchHarvest, BatchStanding, BatchTicket
from contracts.reconciling import LedgerPage, Proven, Pursued, TakenPage, Walk
from contracts.tally import Authority
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

    def compensation(
        self, connector: str, operation: str, arguments: Arguments, key: str, sent: Sent
    ) -> tuple[str, Arguments] | None:
        """Return the operation that undoes what was sent and its arguments; None if nothing does.

        The manifest's `compensation_arguments` are read over the original `arguments`, its `key`,
        and the reference and result of `sent`.
        """

    async def list_page(self, connector: str, cursor: str | None, limit: int) -> OutsidePage:
        """Return one page of what the system itself says happened; raises CallFailed.

        Raises KeyError for a connector whose manifest declares no listing.
        """


class Ledger(Protocol):
    """The authoritative record of every effect. Each method is one transaction."""

    def begin(self, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime) -> Dispatch:
        """Check and redeem the permit, write the row, and say what may be done about it now.

        A fresh row is `intended` and at once `sent` with its first attempt under way. A row that
        exists goes on from where it stands. A `SEND` in the answer has been marked: this caller,
        and nobody else, may make that call. Raises PermitRefused.
        """

    def found_absent(
        self, key: str, last_call: int, manifest: Manifest, *, looked_at: datetime, now: datetime
    ) -> Dispatch:
        """Say what may be done after a look-up found nothing.

        Args:
            key: the effect.
            last_call: what `begin` said; if another process called since, nothing is concluded.
            manifest: the effect's connector.
            looked_at: when the look-up began: what is committed later, it did not see.
            now: the moment.
        """

    def found(self, key: str, manifest: Manifest, sent: Sent, now: datetime) -> Dispatch:
        """Settle the row as applied by look-up, unless the reference belongs to another effect."""

    def answered(self, key: str, call: int, sent: Sent, now: datetime) -> EffectReceipt:
        """Settle the row as applied by the answer to call `call`."""

    def look_up_failed(self, key: str, why: str, now: datetime) -> None:
        """Keep that a look-up gave no answer."""

    def call_failed(
        self, key: str, call: int, *, manifest: Manifest, failure: FailureClass, why: str, now: datetime
    ) -> EffectReceipt:
        """Keep how call `call` failed; a final failure settles the row if no other call is open."""

    def give_up(self, order: EffectOrder, why: str, now: datetime) -> EffectReceipt:
        """End the pursuit: `failed` if no call can have been applied, else `unknown`.

        An effect that was never begun is written as `failed`, so that no straggler begins it later.
        """

    def resolve(self, key: str, applied: Sent | None, why: str, now: datetime) -> EffectReceipt:
        """Settle an `unknown` row from what a person or the reconciler saw; None means not applied."""

    def find(self, key: str) -> EffectReceipt | None:
        """Return where an effect stands, or None if it was never intended."""

    def of_case(self, case_id: str) -> tuple[LedgerEntry, ...]:
        """Return a case's effects, in the order they were begun."""

    def entry(self, key: str) -> LedgerEntry | None:
        """Return one effect with its order and attempts."""


class Authorizations(Protocol):
    """Everything an authorization writes, in one commit."""

    def keep(
        self,
        case_id: str,
        claims: Sequence[str],
        verdicts: Sequence[Verdict],
        permits: Sequence[Permit],
        now: datetime,
    ) -> str | None:
        """Take all claims, then write the verdicts and permits; all or nothing.

        Returns the open case that holds one of the claims, if any: then nothing was written. A
        permit that exists and was not used yet gets the new expiry and versions.
        """


class PolicyEngine(Protocol):
    """Verdicts."""

    @property
    def version(self) -> str:
        """The hash of all policies."""

    def judge(self, plan: Plan) -> tuple[Verdict, ...]:
        """Return a verdict for each effect of the plan, in order. Never raises: an error denies."""

    def may_answer(self, person: str, request: ApprovalRequest, at: datetime) -> Verdict:
        """Say whether this person may answer this request now."""

    def on_staff(self, person: str) -> bool:
        """Say whether anybody of that name works here."""


class Approvals(Protocol):
    """The queue of waiting approvals, authoritative in SQL. Each method is one transaction."""

    def open(self, asking: Asking, moments: Moments, connectors: Mapping[str, str], now: datetime) -> Opened:
        """Put a question into the queue, or find it there with its end: asking twice asks once."""

    def find(self, request_id: str) -> ApprovalRecord | None:
        """Return a request with its answers and its end, or None."""

    def answer(self, submission: Submission, authority: Authority, now: datetime) -> Reply:
        """Judge an answer, keep it with its standing and an episode; close the request if it decides."""

    def nudge(self, nudge: Nudge, now: datetime) -> None:
        """Keep that a reminder was due, or that the next role is asked now."""

    def end(self, ending: Ending, now: datetime) -> Approval:
        """Close a request that no answer closed; if one did, its end stands and is returned."""


class ApprovalTokens(Protocol):
    """Signed links to answer from outside."""

    def check(self, answer: Answer, request: ApprovalRequest, now: datetime) -> str | None:
        """Return the id of the good token behind an answer, None without one; raises TokenRefused."""


class Calendar(Protocol):
    """The office's working time and who is asked for what."""

    def schedule(self, asking: Asking, now: datetime) -> tuple[Asking, Moments]:
        """Return the question with its roles filled in, and its moments in working time."""


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


class Books(Protocol):
    """Our books against the outside world's. Each method is a transaction, or one for each page."""

    def in_use(self, connectors: Sequence[str]) -> tuple[str, ...]:
        """Return those connectors that our ledger has an effect at."""

    def cursor(self, connector: str, now: datetime) -> str | None:
        """Return where a connector's listing is to be read on; None is its beginning."""

    def take_page(self, walk: Walk, page: OutsidePage, now: datetime) -> TakenPage:
        """Write a page of a listing, compare it, and move the cursor behind it, in one commit."""

    def compare_ledger(self, walk: Walk, operation: str, *, keyed: bool, now: datetime) -> LedgerPage:
        """Look for a page of our effects, of those that changed, in what was listed."""

    def judge(self, walk: Walk, now: datetime) -> tuple[int, tuple[Proven, ...]]:
        """Compare the entries that nothing explained; returns how many diverge, and what is proven."""

    def healed(self, proven: Proven, why: str, now: datetime) -> None:
        """Write that an effect nobody knew the end of was found in the listing."""

    def unresolved(self, walk: Walk, after: str, now: datetime) -> tuple[EffectOrder, ...]:
        """Return a page of effects whose end nobody knows and nobody pursues, in order of their keys."""

    def pursued(self, results: Sequence[Pursued], now: datetime) -> int:
        """Write what taking effects up again brought; returns how many are still unknown."""

    def openings(self, limit: int) -> tuple[Divergence, ...]:
        """Return divergences that need a case, the oldest first, counted for their next round."""

    def opened(self, opened: Sequence[Divergence]) -> None:
        """Write that these have a case now."""

    def close(self, divergence_id: str, why: str, now: datetime) -> None:
        """Close a divergence."""

    def reopen(self, divergence_id: str, why: str) -> None:
        """Leave a divergence open that people did not answer for."""


class AuditLog(Protocol):
    """The episode log's end."""

    def anchor(self) -> object:
        """Keep the log's signed head outside the database now."""


class Decisions(Protocol):
    """Every decision, kept with its provenance."""

    def keep(self, case_id: str, step: str, decision: Decision) -> None:
        """Write a decision; the same case and step again replaces nothing."""

    def keep_all(self, case_id: str, decisions: Mapping[str, Decision]) -> None:
        """Write decisions by step in one transaction; a step that is there stays as it was."""

    def of_case(self, case_id: str) -> dict[str, Decision]:
        """Return a case's decisions by step."""


class Router(Protocol):
    """The choice between local classifiers, Gemini and a person."""

    async def decide(self, question: Question, waited_seconds: float = 0.0) -> Decision:
        """Answer, or say `unsure` with the best guess; raises AskLater while the task can wait."""


class ModelBatches(Protocol):
    """A provider's batch jobs; every method raises AskLater where the provider does not answer."""

    async def submit(self, inquiry: Inquiry, *, again: bool) -> BatchTicket:
        """Hand a job in, once; `again` looks first whether an earlier attempt did."""

    async def poll(self, ticket: BatchTicket) -> BatchStanding:
        """Say how a job stands."""

    async def cancel(self, ticket: BatchTicket) -> None:
        """Give a job up."""

    async def collect(self, harvest: BatchHarvest) -> tuple[Decision, ...]:
        """Return a decision for each question of a job that ended."""


class Recall(Protocol):
    """Semantic memory and the context assembler."""

    async def assemble(self, request: ContextRequest) -> Context:
        """Return what fits the token budget, most useful first."""

    async def remember(self, memories: Sequence[Memory], *, at_once: bool = True) -> tuple[str, ...]:
        """Write memories, SQL first, then vectors (`at_once`: before it returns); return their ids."""


class MemoryKeeper(Protocol):
    """What a person may do with semantic memory."""

    async def remember(self, memories: Sequence[Memory]) -> tuple[str, ...]:
        """Write memories, SQL first, then vectors; return their ids."""

    async def take_in(self, documents: Sequence[Document]) -> Imported:
        """Make each document's passages the whole of what is known from its source."""

    async def search(self, search: Search) -> tuple[Recalled, ...]:
        """Return the memories that answer best, best first."""

    async def history(self, id_: str) -> tuple[Recalled, ...]:
        """Return a memory with what it corrected and what corrected it; empty if unknown."""

    async def stats(self) -> MemoryStats:
        """Count memories, vectors and what is not settled yet."""

    async def forget(self, customer: str) -> Forgotten:
        """Delete all memories of a customer, everywhere."""

    async def mend(self) -> tuple[Agreement, ...]:
        """Find where SQL and the vectors do not agree, and put it right."""


class MemoryRebuilder(Protocol):
    """The steps of building a second collection of vectors; each may be repeated."""

    async def begin(self, embedder: str) -> tuple[str, int]:
        """Start a collection for an embedder, or find the one begun; return its name and what is left."""

    async def copy(self, collection: str) -> int:
        """Write some of what is missing; return how many memories are left."""

    async def compare(self, collection: str, sample: int) -> Comparison:
        """Ask a sample of memories of both collections."""

    async def switch(self, collection: str) -> str | None:
        """Let recall read the collection; return the one it read before."""

    async def previous(self) -> str | None:
        """Return the collection that recall read before the last switch."""


class Secrets(Protocol):
    """Secret values, read at the moment of use and never kept."""

    def read(self, name: str) -> str:
        """Return the value; raises KeyError naming the secret (never its value) if there is none."""

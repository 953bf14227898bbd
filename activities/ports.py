"""What activities need that has a second implementation, a stand-in, or lies outside the process.

Each port is one role of one to three methods. Everything else an activity is given by its own type,
imported for type checking only: at run time activities know no adapter.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from contracts.approvals.messages import ApprovalDraft, Moments
from contracts.approvals.request import ApprovalRecord
from contracts.authorization import Plan
from contracts.base import Arguments
from contracts.case import CaseRecord, Episode
from contracts.connector import Manifest
from contracts.decision import Decision, Question
from contracts.effect import EffectReceipt, OutsideResult
from contracts.embedding import Embedder
from contracts.event import EventHandled, EventRecord, MissedPage, MissedQuery, SilenceLook
from contracts.listing import OutsidePage
from contracts.memory import (
    Agreement,
    Document,
    Forgotten,
    Imported,
    Memory,
    MemoryStats,
    Recalled,
    Search,
)
from contracts.reconciliation.messages import Settlement
from contracts.reconciliation.statement import Statement
from contracts.subscription import AnnouncedPage
from contracts.wording import Wording, Written

if TYPE_CHECKING:
    from temporalio.client import Client

    from policy.working_time import WorkingHours


class Manifests(Protocol):
    """What the office's connectors declare."""

    def manifest(self, connector: str) -> Manifest:
        """Return the manifest; raises KeyError for a connector the office does not have."""


class Reads(Manifests, Protocol):
    """Outside systems, read."""

    async def read(self, connector: str, operation: str, arguments: Arguments) -> dict[str, JsonValue]:
        """Call a read operation and return its declared fields; raises CallFailed."""


class Outside(Manifests, Protocol):
    """Outside systems, changed; nothing in here tries twice."""

    async def send(self, connector: str, operation: str, arguments: Arguments, key: str) -> OutsideResult:
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
    ) -> OutsideResult | None:
        """Find an effect that may have been made; None means surely absent; raises CallFailed.

        Outside references in `taken` belong to other effects of ours and are never a match, so that
        two equal refunds of one order are not read as one.
        """


class Compensations(Manifests, Protocol):
    """What undoes what."""

    def compensation(
        self, connector: str, operation: str, arguments: Arguments, key: str, sent: OutsideResult
    ) -> tuple[str, Arguments] | None:
        """Return the operation that undoes what was sent and its arguments; None if nothing does.

        The manifest's `compensation_arguments` are read over the original `arguments`, its `key`,
        and the reference and result of `sent`. Raises KeyError naming what is missing.
        """


class Listings(Compensations, Protocol):
    """What outside systems themselves say happened."""

    async def list_page(self, connector: str, cursor: str | None, limit: int) -> OutsidePage:
        """Return one page of a connector's listing; raises CallFailed.

        Raises KeyError for a connector whose manifest declares no listing.
        """


class Statements(Protocol):
    """What outside systems say of what a desk's effects are for, as a desk reads it (an order)."""

    by: str
    """The argument by which the desk's effects name it."""

    async def statement(self, connector: str, id_: str) -> Statement | None:
        """Return what a system says; None only if it says that there is none; raises ApplicationError."""


class Calendar(Protocol):
    """The office's working time and who is asked for what."""

    def schedule(self, draft: ApprovalDraft, now: datetime) -> tuple[ApprovalDraft, Moments]:
        """Return the question with its roles filled in, and its moments in working time."""


class CaseBooks(Protocol):
    """Our list of cases."""

    def find(self, case_id: str) -> CaseRecord | None:
        """Return a case's row; None if the books have none."""


class LedgerBooks(Protocol):
    """Our record of effects."""

    def find(self, key: str) -> EffectReceipt | None:
        """Return what became of an effect; None if it was never begun."""


class OfficeCalendar(Calendar, Protocol):
    """The office's working time, whole."""

    def working_hours(self, around: datetime) -> "WorkingHours":
        """Return when the office works, with the holidays of the years around a moment."""


class OwnOffice(Protocol):
    """What a desk may read of our own files and books."""

    @property
    def office(self) -> Path:
        """The folder of the office in force."""

    @property
    def calendar(self) -> OfficeCalendar:
        """Its working time."""

    @property
    def cases(self) -> CaseBooks:
        """Its cases."""

    @property
    def ledger(self) -> LedgerBooks:
        """Its effects."""

    @property
    def embedder(self) -> Embedder:
        """What finds passages by meaning."""


class ApprovalRecords(Protocol):
    """What was asked of people, and answered."""

    def find(self, request_id: str) -> ApprovalRecord | None:
        """Return a request with its answers and its end, or None."""


class Grounds(Protocol):
    """Whether a plan stands on what is on record, whoever calls."""

    async def stranger(self, case_id: str, plan: Plan | None = None) -> str:
        """Say why who calls this activity is not the case it speaks of; empty if it is."""

    async def no_caller(self, case_id: str) -> str:
        """Say why who calls this activity speaks neither for the case nor for an undo of it; or empty."""

    async def no_settling(self, settlement: Settlement) -> str:
        """Say why a divergence does not end as its case says; empty if it does."""

    def contradiction(self, plan: Plan, asked_at: datetime | None = None) -> str:
        """Say what about a plan is not as our records and the last reading of its order say; or empty.

        Args:
            plan: what is proposed.
            asked_at: when people were asked about it; what was recent then is not too old for their answer.
        """


class Texts(Protocol):
    """What the office says to customers."""

    def write(self, desk: str, wording: Wording) -> Written:
        """Return a message in the customer's language, else the office's; raises TextFailed."""


class EpisodeLog(Protocol):
    """The append-only log."""

    def append(self, episodes: Sequence[Episode]) -> None:
        """Append what is not there yet, in order, in one transaction."""


class Router(Protocol):
    """The choice between local classifiers, Gemini and a person."""

    async def decide(self, question: Question, waited_seconds: float = 0.0) -> Decision:
        """Answer, or say `unsure` with the best guess; raises AskLater while the task can wait."""


class MemoryReader(Protocol):
    """Semantic memory, asked."""

    async def search(self, search: Search) -> tuple[Recalled, ...]:
        """Return the memories that answer best, best first."""

    async def history(self, id_: str) -> tuple[Recalled, ...]:
        """Return a memory with what it corrected and what corrected it; empty if unknown."""

    async def stats(self) -> MemoryStats:
        """Count memories, vectors and what is not settled yet."""


class MemoryWriter(Protocol):
    """Semantic memory, filled."""

    async def remember(self, memories: Sequence[Memory]) -> tuple[str, ...]:
        """Write memories, SQL first, then vectors; return their ids."""

    async def take_in(self, documents: Sequence[Document]) -> Imported:
        """Make each document's passages the whole of what is known from its source."""


class MemoryKeeper(MemoryReader, MemoryWriter, Protocol):
    """What a person may do with semantic memory, in this process or by way of the one that owns it."""

    async def forget(self, customer: str) -> Forgotten:
        """Delete all memories of a customer, everywhere."""

    async def mend(self) -> tuple[Agreement, ...]:
        """Find where SQL and the vectors do not agree, and put it right."""


class SourceWatch(Protocol):
    """The office's sources: whether one is silent, and what it lists of what it told."""

    async def look(self, source: str, now: datetime) -> SilenceLook:
        """Say whether a source is silent, and where what it told of is listed."""

    def listing_of(self, source: str) -> tuple[str, str]:
        """Return the connector and the operation that list what a source told of."""

    async def fetch(self, query: MissedQuery, now: datetime) -> MissedPage:
        """Keep a page of what a source lists and did not bring; raises CallFailed."""


class Announcer(Protocol):
    """Tells others what happened here."""

    async def page(self, name: str, now: Callable[[], datetime], beat: Callable[[], None]) -> AnnouncedPage:
        """Tell a subscription what it is due; `beat` is called before each try."""


class Dispatch(Protocol):
    """What is done about an event that came in."""

    async def handle(self, client: "Client", event: EventRecord) -> EventHandled:
        """Start, join or tell its cases; an event that nothing can be done about is `quarantined`."""

    def passes(self, error: Exception) -> bool:
        """Say whether an error passes by itself, whatever the event: a server that is away."""

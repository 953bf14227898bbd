"""A morning at the returns desk: what came in, how it stands, how it ended."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bootstrap.installation import Installation
from cli.demo.payments import Reckoning, channel_payments, compare, ledger_payments
from contracts.case import CaseRecord, CaseStatus
from contracts.ledger import LedgerEntry
from contracts.office import lines_of, read_text
from memory.authoritative.cases import CaseFilter
from memory.authoritative.decisions import Decider
from memory.authoritative.ledger.view import EffectFilter
from service.intake import GoodLine, parse
from workflows.returns.desk import DESK
from workflows.returns.types import ReturnRequest

EVERYTHING = 1_000_000
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Progress:
    """How the morning stands at one moment."""

    total: int
    statuses: Counter[CaseStatus]
    retried: int
    out_cents: int
    currency: str

    @property
    def done(self) -> int:
        """Cases that ended, or wait for a person."""
        return sum(count for status, count in self.statuses.items() if status is not CaseStatus.RUNNING)


@dataclass(frozen=True)
class Summary:
    """How the morning ended.

    Attributes:
        lost: cases that were handed in and neither ended nor wait for a person.
        faults: what went wrong at the channels, by fault, from the sandbox's own counters.
        attempts: how many calls were made for how many effects.
        cost_microusd: what the decisions cost, in millionths of a dollar.
        deciders: who made them.
    """

    cases: int
    statuses: Counter[str]
    outcomes: Counter[str]
    lost: tuple[str, ...]
    unattended: float
    faults: Counter[str]
    effects: int
    attempts: int
    looked_up: int
    reckoning: Reckoning
    currency: str
    cost_microusd: int
    deciders: tuple[Decider, ...]

    @property
    def sound(self) -> bool:
        """True when no case was lost and the books agree with the channels."""
        return not self.lost and self.reckoning.agrees


@dataclass
class Morning:
    """The requests of one file, and where their cases stand in the office's books."""

    installation: Installation
    requests: list[ReturnRequest] = field(default_factory=list)

    @classmethod
    def of(cls, installation: Installation, file: Path) -> "Morning":
        """Read the morning's requests; the file is ours, so every line must be good."""
        lines = lines_of(read_text(file))
        read = list(parse(DESK, lines, installation.sources(DESK)))
        bad = [entry for entry in read if not isinstance(entry, GoodLine)]
        if bad:
            raise ValueError(f"{file}: {bad}")
        return cls(installation, [entry.request for entry in read if isinstance(entry, GoodLine)])

    def case_ids(self) -> list[str]:
        """Return the ids of the morning's cases."""
        return [DESK.case_id(request) for request in self.requests]

    def records(self) -> dict[str, CaseRecord]:
        """Return the rows of the morning's cases that the books know."""
        wanted = set(self.case_ids())
        rows = self.installation.cases.newest(CaseFilter(desk=DESK.name, limit=EVERYTHING))
        return {row.id: row for row in rows if row.id in wanted}

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return every effect in the ledger."""
        return self.installation.ledger.newest(EffectFilter(limit=EVERYTHING))

    def currency(self) -> str:
        """Return the office's currency, which its channels sell in."""
        return self.installation.calendar.file.currency

    def progress(self) -> Progress:
        """Return how the morning stands now."""
        records = self.records()
        entries = self.entries()
        ours = ledger_payments(entries)
        return Progress(
            total=len(self.requests),
            statuses=Counter(record.status for record in records.values()),
            retried=sum(max(0, entry.receipt.attempts - 1) for entry in entries),
            out_cents=compare(ours, ours).out_cents,
            currency=self.currency(),
        )

    def wait(self, show: Callable[[Progress], None], timeout_seconds: float) -> Progress:
        """Show the progress until every case has ended or waits for a person, or time is up."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            now = self.progress()
            show(now)
            if now.done >= now.total or time.monotonic() > deadline:
                return now
            time.sleep(POLL_SECONDS)

    def summary(self) -> Summary:
        """Return how it ended, with the books held against the channels' own."""
        records = self.records()
        entries = self.entries()
        url = f"http://127.0.0.1:{self.installation.settings.sandbox_port}"
        lost = [
            case_id
            for case_id in self.case_ids()
            if case_id not in records or records[case_id].status is CaseStatus.RUNNING
        ]
        ended = [record for record in records.values() if record.status.ended]
        alone = [record for record in ended if not record.by_person]
        return Summary(
            cases=len(self.requests),
            statuses=Counter(record.status.value for record in records.values()),
            outcomes=Counter(record.outcome for record in ended),
            lost=tuple(lost),
            unattended=len(alone) / len(self.requests) if self.requests else 0.0,
            faults=_faults(url),
            effects=len(entries),
            attempts=sum(entry.receipt.attempts for entry in entries),
            looked_up=sum(entry.receipt.looked_up for entry in entries),
            reckoning=compare(channel_payments(url), ledger_payments(entries)),
            currency=self.currency(),
            cost_microusd=self.installation.decisions.cost_microusd(),
            deciders=self.installation.decisions.deciders(),
        )


def _faults(sandbox_url: str) -> Counter[str]:
    stats = httpx.get(f"{sandbox_url}/admin/stats", timeout=10.0).json()
    found: Counter[str] = Counter()
    for operations in stats.values():
        for counts in operations.values():
            found.update(counts)
    return found

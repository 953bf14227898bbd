"""A morning at the returns desk: what came in, how it stands, how it ended, and how it should have."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
from temporalio.client import Client

from bootstrap.installation import Installation
from cli.demo.customer import answer, questions
from cli.demo.expectation import Expected, read_expected
from cli.demo.judgement import Judged, Verdict, judge, stands, waits_for_customer, waits_for_goods
from cli.demo.payments import Reckoning, channel_payments, compare, ledger_payments
from contracts.case import CaseRecord, CaseStatus
from contracts.ledger import LedgerEntry
from contracts.office import lines_of, read_text
from contracts.reply import REPLIED, Reply
from memory.authoritative.cases import CaseFilter
from memory.authoritative.decisions import Decider
from memory.authoritative.ledger.view import EffectFilter
from service.identity import bound, prove
from service.intake import GoodLine, parse
from workflows.returns.desk import DESK
from workflows.returns.types import ReturnRequest

REQUESTS, EXPECTED = "demo/morning.jsonl", "demo/morning.expected.jsonl"
EVERYTHING = 1_000_000
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Progress:
    """How the morning stands at one moment; `done` counts requests that go on by themselves no more."""

    total: int
    done: int
    statuses: Counter[CaseStatus]
    retried: int
    out_cents: int
    currency: str


@dataclass(frozen=True)
class Summary:
    """How the morning ended.

    Attributes:
        lost: requests that were handed in and neither ended nor wait for anybody.
        judged: each request, held against what was written down before.
        faults: what went wrong at the channels, by fault, from the sandbox's own counters.
        attempts: how many calls were made for how many effects.
        cost_microusd: what the decisions cost, in millionths of a dollar.
        deciders: who made them.
    """

    cases: int
    statuses: Counter[str]
    lost: tuple[str, ...]
    judged: tuple[Judged, ...]
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

    @property
    def wrong(self) -> tuple[Judged, ...]:
        """The requests of which something was done, or told, that should not be."""
        return tuple(each for each in self.judged if each.verdict is Verdict.WRONG)

    def share(self, verdict: Verdict) -> float:
        """Return the share of requests with a verdict."""
        return sum(each.verdict is verdict for each in self.judged) / max(1, len(self.judged))


@dataclass
class Morning:
    """The requests of one file, and where their cases stand in the office's books."""

    installation: Installation
    requests: list[ReturnRequest] = field(default_factory=list)
    expected: dict[tuple[str, str], Expected] = field(default_factory=dict)
    _anew: dict[str, datetime] = field(default_factory=dict)
    _answered: Counter[str] = field(default_factory=Counter)
    _heard: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, installation: Installation, office: Path) -> "Morning":
        """Read the morning's requests and expectations; the files are ours, so every line must be good."""
        file = office / REQUESTS
        read = list(parse(DESK, lines_of(read_text(file)), installation.sources(DESK)))
        bad = [entry for entry in read if not isinstance(entry, GoodLine)]
        if bad:
            raise ValueError(f"{file}: {bad}")
        requests = [entry.request for entry in read if isinstance(entry, GoodLine)]
        return cls(installation, requests, read_expected(office / EXPECTED))

    def case_ids(self) -> list[str]:
        """Return the ids of the morning's cases."""
        return [DESK.case_id(request) for request in self.requests]

    def began_anew(self, requests: Iterable[ReturnRequest], since: datetime) -> None:
        """Take in that these requests' cases began anew: how they ended before counts no more."""
        self._anew |= {DESK.case_id(request): since for request in requests}

    def records(self) -> dict[str, list[CaseRecord]]:
        """Return the cases of each request that the books know, its own first, then its letter's others."""
        rows = self.installation.cases.newest(CaseFilter(desk=DESK.name, limit=EVERYTHING))
        by_id = {row.id: row for row in rows}
        found = {}
        for case_id in self.case_ids():
            row = by_id.get(case_id)
            if row is not None and row.opened_at >= self._anew.get(case_id, row.opened_at):
                parts = [part for key, part in sorted(by_id.items()) if key.startswith(f"{case_id}.")]
                found[case_id] = [row, *parts]
        return found

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return every effect in the ledger."""
        return self.installation.ledger.newest(EffectFilter(limit=EVERYTHING))

    def currency(self) -> str:
        """Return the office's currency, which its channels sell in."""
        return self.installation.calendar.file.currency

    def progress(self) -> Progress:
        """Return how the morning stands now."""
        records, entries = self.records(), self.entries()
        ours = ledger_payments(entries)
        return Progress(
            total=len(self.requests),
            done=sum(all(map(self._stands, cases)) for cases in records.values()),
            statuses=Counter(case.status for cases in records.values() for case in cases),
            retried=sum(max(0, entry.receipt.attempts - 1) for entry in entries),
            out_cents=compare(ours, ours).out_cents,
            currency=self.currency(),
        )

    def _stands(self, case: CaseRecord) -> bool:
        """Say whether a case goes on by itself no more: a parcel that is to come will come soon."""
        waited_for = waits_for_goods(case) and self._expected(case.id).end != "awaited"
        return stands(case) and not waited_for

    def _expected(self, case_id: str) -> Expected:
        """Return what is expected of a request, by its case or by that of another order of its letter."""
        _, channel, request = case_id.split("/", 2)
        return self.expected[channel, request.split(".", 1)[0]]

    async def wait(
        self, client: Client, show: Callable[[Progress], None], timeout_seconds: float
    ) -> Progress:
        """Answer as the customers would, and show the progress, until nothing goes on or time is up."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            answered = await self._answer(client)
            now = await asyncio.to_thread(self.progress)
            show(now)
            if (now.done >= now.total and not answered) or time.monotonic() > deadline:
                return now
            await asyncio.sleep(POLL_SECONDS)

    async def _answer(self, client: Client) -> int:
        """Answer every question that a customer was asked and can answer; return how many."""
        open_ = [case for cases in self.records().values() for case in cases if waits_for_customer(case)]
        if not open_:
            return 0
        asked: dict[str, list[LedgerEntry]] = defaultdict(list)
        for entry in self.entries():
            asked[entry.order.case_id].append(entry)
        count = 0
        for case in open_:
            *_, last = questions(asked[case.id])
            said = str(last.order.effect.arguments["text"])
            text = answer(self._expected(case.id), self._answered[case.id], said)
            if text and last.order.key not in self._heard:
                count += await self._say(client, case.id, last.order.key, text)
        return count

    async def _say(self, client: Client, case_id: str, question: str, text: str) -> int:
        kontor = self.installation
        said = Reply(text=text, person=next(iter(bound(kontor)), ""))
        proof = prove(kontor, said.person, said.said(case_id))
        proved = said.model_copy(update={"proof": proof.id})
        await client.get_workflow_handle(case_id).signal(REPLIED, proved)
        self._heard.add(question)
        self._answered[case_id] += text in self._expected(case_id).replies
        return 1

    def summary(self) -> Summary:
        """Return how it ended, with the books held against the channels' own."""
        records, entries = self.records(), self.entries()
        url = f"http://127.0.0.1:{self.installation.settings.sandbox_port}"
        lost = [
            case_id
            for case_id in self.case_ids()
            if case_id not in records or not all(map(stands, records[case_id]))
        ]
        return Summary(
            cases=len(self.requests),
            statuses=Counter(case.status.value for cases in records.values() for case in cases),
            lost=tuple(lost),
            judged=tuple(self._judged(records, entries)),
            faults=_faults(url),
            effects=len(entries),
            attempts=sum(entry.receipt.attempts for entry in entries),
            looked_up=sum(entry.receipt.looked_up for entry in entries),
            reckoning=compare(channel_payments(url), ledger_payments(entries)),
            currency=self.currency(),
            cost_microusd=self.installation.decisions.cost_microusd(),
            deciders=self.installation.decisions.deciders(),
        )

    def _judged(self, records: dict[str, list[CaseRecord]], entries: tuple[LedgerEntry, ...]) -> list[Judged]:
        judged = []
        for case_id, cases in records.items():
            if not all(map(stands, cases)):
                continue  # it is lost, which is said apart
            ids = {case.id for case in cases}
            ours = [entry for entry in entries if entry.order.case_id in ids]
            judged.append(judge(self._expected(case_id), cases, ours))
        return judged


def _faults(sandbox_url: str) -> Counter[str]:
    stats = httpx.get(f"{sandbox_url}/admin/stats", timeout=10.0).json()
    found: Counter[str] = Counter()
    for operations in stats.values():
        for counts in operations.values():
            found.update(counts)
    return found

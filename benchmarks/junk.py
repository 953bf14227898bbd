"""Junk at both doors: what people hand in and signal, and what a channel answers. Nothing may stay behind.

Each example is a request whose line is spoiled, an order that its channel spoils, a spoiled first word on
each write, and spoiled signals to the case. Then the channel is mended and what waits is withdrawn: every
case must come to its end, with its row, its effects and its questions closed. Sizes:
`KONTOR_JUNK_EXAMPLES` (default 2,000).
"""

import asyncio
import copy
import itertools
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Worker

import worker
from activities.decisions import DecisionActivities
from activities.recall import RecallActivities
from benchmarks.environment import free_port
from benchmarks.hashing_embedder import HashingEmbedder
from benchmarks.junk_shop import JunkShop, order_of, serving
from benchmarks.rows import Row
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from cli.stack.secrets_file import ensure_sandbox_secrets
from contracts.bounds import MOST_CENTS
from contracts.case import CaseStatus
from contracts.decision import Decision, Provenance, Question, inputs_hash
from contracts.effect import EffectState
from contracts.ids import MEMORY_QUEUE, MODELS_QUEUE
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge
from service.intake import GoodLine, Started, parse, start_all
from settings import Settings
from workflows.registry import DESKS

EXAMPLES = int(os.environ.get("KONTOR_JUNK_EXAMPLES", "2000"))
AT_ONCE = 100
"""Cases that meet their junk together."""
A_DRAW = 5
"""Examples that hypothesis draws as one."""
SPOILED_SECONDS = 1.0
"""How long the cases work against the junk before the channel is mended."""
LONGEST_SECONDS = 120
DESK = DESKS["returns"]
MESSAGE = "The scarf is too small. I would like to return it and get my money back, please."
_numbers = itertools.count(1)

NASTY_TEXTS = ("", "\0", "a\0b", "\ud83d", "x" * 600, "x" * 30_000, "-1", "1e9999", "\u202e\u0085\u2028")
NASTY_NUMBERS = (
    *(-1, 0, 1.5, MOST_CENTS, MOST_CENTS + 1, 10**20, -(10**20), 2**63),
    *(float("inf"), float("nan")),
)
NASTY: tuple[Any, ...] = (True, None, [], {}, [[[[[]]]]], {"a\0": {"b": ["\ud83d"]}})
LARGE: tuple[Any, ...] = ("x" * 1_100_000, [{"id": "L", "qty": 1}] * 6000, json.loads("[" * 90 + "]" * 90))
TEXT = st.sampled_from(NASTY_TEXTS) | st.text(st.characters(codec=None, categories=None), max_size=20)
NUMBER = st.sampled_from(NASTY_NUMBERS) | st.integers() | st.floats()
ANY = TEXT | NUMBER | st.sampled_from(NASTY)


def places(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where something stands in a document, each as the way there; the whole of it is `()`."""
    found = [at]
    if isinstance(document, dict | list):
        for name, value in document.items() if isinstance(document, dict) else enumerate(document):
            found += places(value, (*at, name))
    return found


def with_junk(document: Any, at: tuple[Any, ...], junk: Any) -> Any:
    """Return a document with junk in one place."""
    if not at:
        return copy.deepcopy(junk)
    changed = copy.copy(document)
    changed[at[0]] = with_junk(document[at[0]], at[1:], junk)
    return changed


@st.composite
def spoiled(draw: st.DrawFn, document: Any, most: int = 2, large: bool = False) -> Any:
    """Put junk in up to `most` places of a document, mostly of the kind that stands there."""
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.sampled_from(places(document)))
        there = document
        for name in at:
            there = there[name]
        kind = TEXT if isinstance(there, str) else NUMBER if isinstance(there, int) else ANY
        junk = draw(st.one_of(kind, kind, ANY, *([st.sampled_from(LARGE)] if large else [])))
        document = with_junk(document, at, junk)
    return document


def as_bytes(value: Any) -> bytes:
    """Return JSON as a careless system writes it: half characters as escapes or as they are."""
    return json.dumps(value).encode(errors="surrogatepass")


ANSWER = {"person": "ben", "choice": "approve", "note": "", "amount_cents": None}


@dataclass(frozen=True)
class Example:
    """What one case meets; the request's `order` is `None` where the example's own number stands."""

    request: Any
    order: bytes
    word: bytes
    signals: tuple[tuple[str, bytes], ...]
    update: bytes


ASKED = {"message": MESSAGE, "items": ["L1"]}
GOOD = Example(
    request=ASKED,
    order=as_bytes(order_of("NUMBER")),
    word=b"",
    signals=(),
    update=as_bytes({"person": "mallory", "choice": "approve"}),
)
EXAMPLE: st.SearchStrategy[Example] = st.builds(
    Example,
    request=st.just(ASKED) | spoiled(ASKED),
    order=st.one_of(
        spoiled(order_of("NUMBER"), most=3).map(as_bytes),
        spoiled(order_of("NUMBER"), large=True).map(as_bytes),
        st.binary(max_size=30),
    ),
    word=st.one_of(
        st.just(b""),
        spoiled({"refund": {"id": "R"}, "message": {"id": "M"}}).map(as_bytes),
        st.binary(max_size=9),
    ),
    signals=st.lists(
        st.tuples(
            st.sampled_from(["decide", "withdraw", "facts_changed"]),
            spoiled(ANSWER).map(as_bytes) | spoiled({"why": "sent back"}).map(as_bytes),
        ),
        max_size=2,
    ).map(tuple),
    update=spoiled(ANSWER).map(as_bytes),
)


def _order(*at: Any, junk: Any) -> Example:
    return replace(GOOD, order=as_bytes(with_junk(order_of("NUMBER"), ("order", *at), junk)))


DEAR = ("items", 0, "unit_minor")
SEEN = (
    GOOD,
    replace(GOOD, request=ASKED | {"order": "W-1\0"}),
    replace(GOOD, request=ASKED | {"message": f"{MESSAGE} \0 \ud83d"}),
    replace(GOOD, request=ASKED | {"message": "x" * 4_800_000}),
    _order("items", 0, "title", junk="Scarf\0"),
    _order("items", 0, "title", junk="Scarf \ud83d"),
    _order("customer", "ref", junk="c\0"),
    _order("payment", "captured_minor", junk=10**20),
    _order(*DEAR, junk=10**20),
    _order(*DEAR, junk=-(10**20)),
    _order("items", 0, "qty", junk=2**62),
    _order("items", 0, "title", junk="x" * 1_100_000),
    _order("items", junk=[{"id": "L", "sku": "S", "product": "P", "title": "T", "qty": 1}] * 6000),
    replace(
        _order(*DEAR, junk=90_000),
        signals=(
            ("decide", as_bytes({"person": "ben\0", "choice": "approve"})),
            ("decide", as_bytes({"person": "\ud800", "choice": "approve"})),
        ),
        update=as_bytes({"person": "ben\0", "choice": "edit", "amount_cents": 10**32}),
    ),
)
"""What an attack found: each of them was retried for ever once, or took others with it."""


class Reader:
    """Reads every message as a return of the first line; decisions are not what is measured."""

    async def decide(self, question: Question, waited_seconds: float = 0.0) -> Decision:
        """Answer at once."""
        answers: dict[str, dict[str, Any]] = {
            "returns.intent": {"label": "return"},
            "returns.reason": {"label": "size"},
            "returns.asks": {"label": "asks"},
        }
        made = Provenance(by="rule", name="junk", version="1", inputs_hash=inputs_hash(question))
        answer = answers.get(question.task, {"picked": [0] if question.choices else []})
        return Decision(task=question.task, outcome="answered", answer=answer, provenance=made)


@dataclass
class Office:
    """A Kontor in this process whose webshop is a `JunkShop`."""

    client: Client
    installation: Installation
    shop: JunkShop


@asynccontextmanager
async def office(client: Client, folder: Path, address: str, database_url: str = "") -> AsyncIterator[Office]:
    """Open it: control, connectors, a reader in the place of models, and memory without a real embedder."""
    own = Settings(
        state=folder / "state",
        database_url=database_url,
        temporal_address=address,
        sandbox_port=free_port(),
        reconcile_every_minutes=0,
    )
    ensure_sandbox_secrets(own.secrets_file)
    shop = JunkShop()
    async with AsyncExitStack() as stack:
        stack.enter_context(serving(shop, own.sandbox_port))
        installation = await stack.enter_async_context(Installation(own))
        memory = SemanticMemory(installation.database, QdrantEdge(folder / "vectors"), HashingEmbedder())
        stack.callback(memory.close)
        recalling = RecallActivities(memory)
        reading = DecisionActivities(Reader(), installation.decisions)
        for one in (
            *worker.control(client, installation),
            *worker.connectors(client, installation),
            Worker(client, task_queue=MODELS_QUEUE, activities=[reading.decide]),
            Worker(client, task_queue=MEMORY_QUEUE, activities=[recalling.assemble, recalling.remember]),
        ):
            await stack.enter_async_context(one)
        yield Office(client, installation, shop)


@dataclass
class Found:
    """What became of the examples, with what each wrong one was."""

    started: int = 0
    refused: int = 0
    stuck: list[str] = field(default_factory=list)
    half_written: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Found") -> "Found":
        self.started += other.started
        self.refused += other.refused
        self.stuck += other.stuck
        self.half_written += other.half_written
        return self


async def play(kontor: Office, examples: list[Example]) -> Found:
    """Hand the examples in, let them meet their junk, mend the channel, and see what is left."""
    found, asked = Found(), {}
    kontor.shop.mended = False
    lines = []
    for example in examples:
        number = f"J-{next(_numbers)}-{os.getpid()}"
        kontor.shop.spoiled[number] = example.order.replace(b"NUMBER", number.encode())
        kontor.shop.words[number] = example.word
        line = example.request
        if isinstance(line, dict):
            line = {"id": number, "channel": "webshop", "order": number, **line}
        lines.append(json.dumps(line))
        asked[f"returns/webshop/{number}"] = example
    read = list(parse(DESK, lines, {"webshop"}))
    good = [entry for entry in read if isinstance(entry, GoodLine)]
    outcomes = await start_all(
        kontor.client, kontor.installation.admissions, DESK, [entry.request for entry in good]
    )
    found.refused = len(examples) - outcomes.count(Started.NEW)
    cases = [DESK.case_id(entry.request) for entry in good]
    found.started = len(cases)
    await asyncio.gather(*(_throw(kontor.client, case_id, asked[case_id]) for case_id in cases))
    await asyncio.sleep(SPOILED_SECONDS)
    kontor.shop.mended = True
    left = await _ended(kontor, cases)
    found.stuck = [f"{case_id}: {asked[case_id]}"[:3000] for case_id in left]
    for case_id in set(cases) - set(left):
        if problem := await asyncio.to_thread(_left_behind, kontor.installation, case_id):
            found.half_written.append(f"{problem}: {asked[case_id]}"[:3000])
    return found


async def _throw(client: Client, case_id: str, example: Example) -> None:
    """Send the example's signals, and one update that is not waited for long."""
    handle = client.get_workflow_handle(case_id)
    try:
        for name, payload in example.signals:
            await handle.signal(name, _raw(payload))
        async with asyncio.timeout(SPOILED_SECONDS):
            await handle.execute_update("decide", _raw(example.update))
    except (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
        return  # it has ended, it refuses, or it waits for its order: whatever it is, the case goes on


def _raw(payload: bytes) -> RawValue:
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=payload))


async def _ended(kontor: Office, cases: list[str]) -> list[str]:
    """Withdraw what waits until every case has ended; return those that do not end."""
    left, end = set(cases), time.monotonic() + LONGEST_SECONDS
    while left and time.monotonic() < end:
        for case_id in sorted(left):
            handle = kontor.client.get_workflow_handle(case_id)
            if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
                left.discard(case_id)
                continue
            record = kontor.installation.cases.find(case_id)
            if record is not None and record.status is CaseStatus.WAITING:
                await handle.signal("withdraw")
        await asyncio.sleep(0.2)
    return sorted(left)


def _left_behind(installation: Installation, case_id: str) -> str:
    """Say what of an ended case is only half written, or nothing."""
    record = installation.cases.find(case_id)
    if record is None or not record.status.ended:
        return f"{case_id} has ended and its row is {record.status.value if record else 'missing'}"
    for entry in installation.ledger.of_case(case_id):
        if entry.receipt.state in (EffectState.INTENDED, EffectState.SENT):
            return f"{case_id}: {entry.order.effect.step} is {entry.receipt.state.value}"
    if any(asked.approval is None for asked in installation.approvals.of_case(case_id)):
        return f"{case_id} has ended and still asks"
    return ""


def found_by_hypothesis(examples: int) -> list[Example]:
    """Return what was seen before, and so many examples as hypothesis finds them, rounded up."""
    found = [*SEEN]

    @settings(
        max_examples=-(-examples // A_DRAW),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(EXAMPLE, min_size=A_DRAW, max_size=A_DRAW))
    def draw(together: list[Example]) -> None:
        found.extend(together)

    draw()
    return found


async def throw_junk(kontor: Office, examples: int) -> Found:
    """Play so many examples, some together."""
    found, left = Found(), await asyncio.to_thread(found_by_hypothesis, examples)
    while left:
        found += await play(kontor, left[:AT_ONCE])
        del left[:AT_ONCE]
    return found


async def rows() -> list[Row]:
    """Measure on SQLite, the embedded default."""
    with tempfile.TemporaryDirectory() as folder:
        server = DevServer(Path(folder) / "temporal.db", free_port())
        process = server.start()
        try:
            client = await Client.connect(server.address, data_converter=pydantic_data_converter)
            async with office(client, Path(folder), server.address) as kontor:
                found = await throw_junk(kontor, EXAMPLES)
        finally:
            process.terminate()
            process.wait()
    for problem in (*found.stuck, *found.half_written):
        print(problem, flush=True)  # noqa: T201 # what a bench found is for whoever ran it
    return [
        Row("junk.examples", found.started + found.refused, "count"),
        Row("junk.started", found.started, "count"),
        Row("junk.stuck", len(found.stuck), "count"),
        Row("junk.half_written", len(found.half_written), "count"),
    ]

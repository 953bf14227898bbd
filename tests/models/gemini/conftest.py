"""Gemini's sandbox on a real socket, and candidates that ask it."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from sqlalchemy import Engine

from contracts.budget import Limits
from contracts.decision import Question
from contracts.evidence import Evidence
from memory.authoritative.budgets import SqlBudgets
from memory.authoritative.response_cache import SqlAnswers
from memory.database import migrate, open_engine
from models.gemini.candidate import GeminiCandidate
from models.gemini.client import GeminiDoor
from models.gemini.prompts import load_prompts
from models.routing.candidate import Asked, CandidateReply
from models.routing.catalogue import Catalogue, TaskSpec, load_catalogue
from models.routing.health import OUTCOMES, ModelMeter
from sandbox.gemini.server import KEY, RunningGemini, running
from workflows import registry

PLENTY = Limits(day=10_000_000, case=10_000_000)


class Counts:
    """A meter whose counts a test can read."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._provider = MeterProvider([self._reader])
        self.meter = ModelMeter(self._provider.get_meter("test"))

    def outcomes(self) -> dict[str, int]:
        return {str(point[1]["outcome"]): int(point[0]) for point in self.points(OUTCOMES)}

    def points(self, name: str) -> list[tuple[float, dict[str, object]]]:
        data = self._reader.get_metrics_data()
        scopes = [scope for each in data.resource_metrics for scope in each.scope_metrics] if data else []
        return [
            (point.value, dict(point.attributes or {}))  # type: ignore[union-attr]  # counters only
            for scope in scopes
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


class GivenSecrets:
    """Secrets that a test planted."""

    waits = False

    def __init__(self, **values: str) -> None:
        self.values = values

    def read(self, name: str) -> str:
        if name not in self.values:
            raise KeyError(f"no secret {name}")
        return self.values[name]


@dataclass
class Asking:
    """One candidate, what it counts, and its books."""

    catalogue: Catalogue
    candidate: GeminiCandidate
    counts: Counts
    budgets: SqlBudgets
    secrets: GivenSecrets
    task: TaskSpec
    url: str = ""
    letters: GeminiCandidate | None = None
    question: Question = field(
        default_factory=lambda: Question(
            task="returns.intent",
            text="I want to send it back, please.",
            case_id="returns/webshop/RMA-1",
            desk="returns",
            evidence=(Evidence(source="order:webshop/W-1", text="Order W-1 is delivered; 34.90 EUR."),),
        )
    )

    async def ask(self, *, left_seconds: float = 8.0, **question: object) -> CandidateReply:
        """Ask the question, or one that differs in some fields."""
        asked = self.question.model_copy(update=question)
        candidate = self.letters if asked.task == "returns.wishes" else self.candidate
        assert candidate is not None
        task = self.task if asked.task == "returns.intent" else self.catalogue.tasks[asked.task]
        return await candidate.answer(
            Asked(name=asked.task, task=task, question=asked, left_seconds=left_seconds)
        )


@pytest.fixture(scope="session")
def started() -> Iterator[RunningGemini]:
    with running() as server:
        yield server


@pytest.fixture
def gemini(started: RunningGemini) -> RunningGemini:
    """The server as if it had just been started."""
    started.state.forget()
    return started


@pytest.fixture
def strike(gemini: RunningGemini) -> Callable[..., None]:
    """Script the next calls to fail."""

    def script(fault: str, **more: object) -> None:
        url = f"{gemini.url}/admin/script"
        assert httpx.post(url, json={"fault": fault, **more}).status_code == 200

    return script


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite database to copy: migrating takes longer than most tests here."""
    file = tmp_path_factory.mktemp("gemini") / "empty.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture
def books(migrated: Path, tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{shutil.copy(migrated, tmp_path / 'books.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
async def asking(gemini: RunningGemini, office: Path, books: Engine) -> AsyncIterator[Asking]:
    catalogue = load_catalogue(office)
    counts, secrets = Counts(), GivenSecrets(gemini_api_key=KEY)
    door, budgets = GeminiDoor(gemini.url), SqlBudgets(books, PLENTY)
    flash, letters = (
        GeminiCandidate(
            name,
            catalogue.models[name],
            load_prompts(office, catalogue),
            door,
            secrets,
            budgets=budgets,
            answers=SqlAnswers(books, CandidateReply),
            meter=counts.meter,
            forms=registry.forms(),
        )
        for name in ("gemini-flash", "gemini-letter")
    )
    task = catalogue.tasks["returns.intent"]
    yield Asking(catalogue, flash, counts, budgets, secrets, task, url=gemini.url, letters=letters)
    await door.close()

"""What a worker says of itself, asked over HTTP from outside its event loop."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from benchmarks.environment import free_port
from health.pulse import HELD_UP_SECONDS, Pulse
from health.server import listening
from health.standing import ANSWER_SECONDS, Phase, Standing
from memory.database import ask, open_engine


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def standing(clock: Clock) -> AsyncIterator[Standing]:
    """A worker's standing, its pulse kept by this test's event loop."""
    beaten = asyncio.Event()
    standing = Standing(Pulse(clock), ["control"], phase=Phase.SERVING, polls=lambda: True)
    beating = asyncio.create_task(standing.pulse.keep(beaten.set))
    await beaten.wait()
    yield standing
    beating.cancel()


@pytest.fixture
def url(standing: Standing) -> Iterator[str]:
    with listening("127.0.0.1", 0, standing, CollectorRegistry()) as address:
        yield f"http://{address}"


async def asked(url: str) -> httpx.Response:
    """Ask from a thread, as everybody outside does."""
    return await asyncio.to_thread(httpx.get, url, timeout=10)


async def test_an_event_loop_that_stands_still_is_said_to_be_held_up_and_where(
    url: str, clock: Clock
) -> None:
    heard: list[httpx.Response] = []

    def ask_later() -> None:
        clock.now += HELD_UP_SECONDS + 3
        heard.extend(httpx.get(f"{url}/{path}") for path in ("healthz", "readyz"))

    asking = threading.Thread(target=ask_later)
    asking.start()
    asking.join()  # this is the event loop's thread: it does nothing else meanwhile

    for answer in heard:
        assert answer.status_code == 503
        assert answer.json()["state"] == "held up"
        assert "has not moved for 8 s; it stands in threading.Thread" in answer.json()["why"]


async def test_while_models_load_a_busy_event_loop_is_no_reason_to_end_the_worker(
    url: str, standing: Standing, clock: Clock
) -> None:
    standing.phase = Phase.STARTING
    clock.now += HELD_UP_SECONDS

    assert (await asked(f"{url}/healthz")).json()["state"] == "starting"


@pytest.mark.parametrize(
    ("phase", "polls", "state"),
    [
        (Phase.STARTING, False, "starting"),
        (Phase.SERVING, False, "starting"),
        (Phase.DRAINING, True, "draining"),
    ],
)
async def test_a_worker_that_starts_or_drains_lives_and_is_not_ready(
    url: str, standing: Standing, phase: Phase, polls: bool, state: str
) -> None:
    standing.phase, standing.polls = phase, lambda: polls

    ready = await asked(f"{url}/readyz")

    assert (await asked(f"{url}/healthz")).status_code == 200
    assert ready.status_code == 503
    assert ready.json()["state"] == state
    assert ready.json()["why"]


async def test_a_worker_whose_parts_answer_is_ready(url: str, standing: Standing, engine: Engine) -> None:
    standing.watch("the database", lambda: asyncio.to_thread(ask, engine))

    ready = await asked(f"{url}/readyz")

    assert ready.status_code == 200
    assert ready.json()["roles"] == ["control"]


async def test_a_worker_whose_database_is_away_is_not_ready_and_tells_no_password(
    url: str, standing: Standing
) -> None:
    away = open_engine(f"postgresql+psycopg://kontor:geheim@127.0.0.1:{free_port()}/kontor")
    standing.watch("the database", lambda: asyncio.to_thread(ask, away))

    ready = await asked(f"{url}/readyz")

    assert ready.status_code == 503
    assert ready.json()["state"] == "away"
    assert "the database: it does not answer (OperationalError)" in ready.json()["why"]
    assert "geheim" not in ready.text
    assert (await asked(f"{url}/healthz")).status_code == 200


async def test_a_part_that_never_answers_is_asked_once_and_said_to_be_away(
    url: str, standing: Standing
) -> None:
    questions = []

    async def never() -> None:
        questions.append(1)
        await asyncio.Event().wait()

    standing.watch("the server", never)
    first, second = await asyncio.gather(asked(f"{url}/readyz"), asked(f"{url}/readyz"))

    for ready in (first, second):
        assert f"the server: no answer within {ANSWER_SECONDS:.0f} s" in ready.json()["why"]
    assert len(questions) == 1


async def test_a_database_that_comes_back_makes_the_worker_ready_again(
    url: str, standing: Standing, migrated_file: Path, tmp_path: Path
) -> None:
    database = open_engine(f"sqlite:///{tmp_path}/kontor.db")
    standing.watch("the database", lambda: asyncio.to_thread(ask, database))
    assert (await asked(f"{url}/readyz")).status_code == 503

    database.dispose()
    shutil.copy(migrated_file, tmp_path / "kontor.db")

    assert (await asked(f"{url}/readyz")).status_code == 200
    database.dispose()


async def test_a_port_that_is_taken_keeps_no_worker_from_its_work(url: str, standing: Standing) -> None:
    taken = int(url.rpartition(":")[2])
    with listening("127.0.0.1", taken, standing, CollectorRegistry()) as other:
        assert other != url.removeprefix("http://")
        assert (await asked(f"http://{other}/healthz")).status_code == 200


async def test_another_path_is_told_which_there_are(url: str) -> None:
    assert "/readyz" in (await asked(f"{url}/status")).text

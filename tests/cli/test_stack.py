"""The processes of `kontor up`: what ends is started again, but not for ever."""

import signal
from pathlib import Path

import pytest

from benchmarks.environment import free_port
from cli.stack.processes import MOST_SOON_ENDED, Children
from settings import Settings


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Children:
    """Children whose worker ends at once, by itself."""
    monkeypatch.setattr(
        Children,
        "start_worker",
        lambda self: self._spawn("worker", ["-c", "raise SystemExit('no office here')"]),
    )
    return Children(Settings(state=tmp_path))


def test_a_worker_that_ends_each_time_soon_after_its_start_is_not_started_for_ever(
    children: Children,
) -> None:
    children.start_worker()
    for _ in range(MOST_SOON_ENDED - 1):
        children.running["worker"].wait(30)
        assert children.watch() == ["worker"]
    children.running["worker"].wait(30)
    with pytest.raises(RuntimeError, match=r"worker ends each time soon after .*no office here"):
        children.watch()


def test_a_worker_that_somebody_kills_is_started_as_often_as_that_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps = ["-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(Children, "start_worker", lambda self: self._spawn("worker", sleeps))
    children = Children(Settings(state=tmp_path))
    children.start_worker()
    for _ in range(2 * MOST_SOON_ENDED):
        children.running["worker"].send_signal(signal.SIGKILL)
        children.running["worker"].wait(30)
        assert children.watch() == ["worker"]
    children.stop()


def test_the_sandboxs_books_lie_in_the_state_folder_of_whoever_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("state").mkdir()
    children = Children(Settings(state=Path("state"), sandbox_port=free_port()))
    try:
        children.start_sandbox()

        assert (tmp_path / "state" / "sandbox.db").is_file()
    finally:
        children.stop()

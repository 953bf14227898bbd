"""Who stands in the state folder's book of workers, and whose process has died."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from health.address_book import FOLDER, registered, workers
from tests.conftest import ROOT

WORKER = """
import pathlib, sys
from health.address_book import registered
with registered(pathlib.Path(sys.argv[1]), "127.0.0.1:4711", sys.argv[2].split(",")):
    print("registered", flush=True)
    sys.stdin.read()
"""


def started(state: Path, roles: str) -> subprocess.Popen[str]:
    """A process that stands in the book until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(state), roles],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "registered\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_worker_stands_in_the_book_while_it_lives(tmp_path: Path) -> None:
    process = started(tmp_path, "control,models")

    [found] = workers(tmp_path)
    process.communicate("")

    assert (found.lives, found.pid, found.address) == (True, process.pid, "127.0.0.1:4711")
    assert found.roles == ("control", "models")
    assert workers(tmp_path) == []


def test_a_worker_that_was_killed_stays_in_the_book_as_dead(tmp_path: Path) -> None:
    killed(started(tmp_path, "control"))

    [found] = workers(tmp_path)
    assert not found.lives


def test_its_successor_takes_its_place_and_nobody_elses(tmp_path: Path) -> None:
    killed(started(tmp_path, "control,memory"))
    killed(started(tmp_path, "connectors"))
    with registered(tmp_path, "127.0.0.1:4712", ["memory", "control"]):
        found = {each.roles: each.lives for each in workers(tmp_path)}

    assert found == {("memory", "control"): True, ("connectors",): False}


def test_prometheus_reads_the_book_as_it_is(tmp_path: Path) -> None:
    with registered(tmp_path, "0.0.0.0:4711", ["control"]):
        [file] = (tmp_path / FOLDER).glob("*.json")
        [group] = json.loads(file.read_text())

    assert group["targets"] == [f"{socket.gethostname()}:4711"]
    assert group["labels"]["roles"] == "control"
    assert all(isinstance(value, str) for value in group["labels"].values())


def test_what_is_no_entry_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "notes.json").write_text("{")

    assert workers(tmp_path) == []

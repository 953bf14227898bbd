"""Where each worker of a machine answers: a file each in the state folder, held while its process lives.

A file is what Prometheus reads as `file_sd_configs`: a list with the targets and their labels.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = "workers"
FOR_ALL, FOR_ALL_FOLDERS = 0o644, 0o755
"""Prometheus reads the book as a user of its own, whatever the worker's umask."""
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)


@dataclass(frozen=True)
class Registered:
    """A worker that has been started here and has not said goodbye.

    Attributes:
        address: where it answers, `host:port`.
        lives: whether its process still runs.
    """

    file: Path
    address: str
    host: str
    pid: int
    roles: tuple[str, ...]
    lives: bool


@contextmanager
def registered(state: Path, address: str, roles: Sequence[str]) -> Iterator[None]:
    """Stand in the book while the block runs, in the place of dead workers with the same roles."""
    folder = state / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOR_ALL_FOLDERS)
    host = socket.gethostname()
    for other in workers(state):
        if not other.lives and set(other.roles) == set(roles):
            other.file.unlink(missing_ok=True)
    file = folder / f"{host}-{os.getpid()}.json"
    with file.with_suffix(".new").open("w", encoding="utf-8") as held:
        # The lock goes with the process, however it ends.
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        labels = {"host": host, "pid": str(os.getpid()), "roles": ",".join(roles)}
        held.write(json.dumps([{"targets": [_reached_at(address, host)], "labels": labels}]) + "\n")
        held.flush()
        os.fchmod(held.fileno(), FOR_ALL)
        Path(held.name).replace(file)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def workers(state: Path) -> list[Registered]:
    """Return the workers that stand in the book of a state folder, by their files' names."""
    found = (_read(file) for file in sorted((state / FOLDER).glob("*.json")))
    return [each for each in found if each is not None]


def _read(file: Path) -> Registered | None:
    try:
        with file.open(encoding="utf-8") as opened:
            [group] = json.load(opened)
            lives = _is_held(opened.fileno())
        labels = group["labels"]
        return Registered(
            file=file,
            address=group["targets"][0],
            host=labels["host"],
            pid=int(labels["pid"]),
            roles=tuple(labels["roles"].split(",")),
            lives=lives,
        )
    except (OSError, ValueError, LookupError):
        return None  # it has gone meanwhile, or is not ours


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _reached_at(address: str, host: str) -> str:
    interface, _, port = address.rpartition(":")
    return f"{host}:{port}" if interface in ANYWHERE else address

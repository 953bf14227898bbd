"""How long a person waits for a command that needs no model: whole processes, beside a bare interpreter."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rows import Row
from bootstrap.installation import Installation
from cli.stack.processes import inherited
from contracts.case import CaseRecord, CaseStatus
from settings import Settings

ROOT = Path(__file__).parent.parent
RUNS = 9
BAR_SECONDS = 0.4
LISTED = 200
COMMANDS = {
    "cases": ("cases",),
    "approvals_list": ("approvals", "list"),
    "approve": ("approve", "ask-000000", "--as", "ben"),
    "check": ("check",),
}
"""By row; `approve` names a request that is not there, so that no server is needed."""


async def rows() -> list[Row]:
    """Return the median seconds of each command, warm, and its ratio to `python -c pass`.

    On a machine that others use, too, the CPU seconds (user and system) say more than the wall clock.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = Settings(state=Path(folder), office=ROOT / "office")
        with Installation(own) as installation:
            _fill(installation)
        environment = {**inherited(), "KONTOR_STATE": folder, "KONTOR_OFFICE": str(ROOT / "office")}
        bare = _median(environment, "-c", "pass")
        taken = {name: _median(environment, "-m", "starter", *words) for name, words in COMMANDS.items()}
    return [
        Row("cli.bare_seconds", bare.wall, "s"),
        Row("cli.bare_cpu_seconds", bare.cpu, "s"),
        *(Row(f"cli.{name}_seconds", one.wall, "s", BAR_SECONDS) for name, one in taken.items()),
        *(Row(f"cli.{name}_cpu_seconds", one.cpu, "s", BAR_SECONDS) for name, one in taken.items()),
        *(Row(f"cli.{name}_of_bare", one.cpu, "s", bare.cpu) for name, one in taken.items()),
    ]


@dataclass(frozen=True)
class Taken:
    """The seconds of one process: by the wall clock, and of the CPU (user and system)."""

    wall: float
    cpu: float


def _fill(installation: Installation) -> None:
    now = datetime.now(UTC)
    for number in range(LISTED):
        record = CaseRecord(
            id=f"returns/webshop/RMA-{number}",
            desk="returns",
            channel="webshop",
            status=CaseStatus.SETTLED,
            summary=f"request RMA-{number}",
            opened_at=now,
            updated_at=now,
        )
        installation.case_writer.record(record, ())


def _median(environment: dict[str, str], *words: str) -> Taken:
    taken = []
    for _ in range(RUNS + 1):
        began, before = time.perf_counter(), _cpu_seconds()
        subprocess.run(  # noqa: S603  (our own modules)
            [sys.executable, *words], env=environment, cwd=ROOT, capture_output=True, check=False
        )
        taken.append(Taken(time.perf_counter() - began, _cpu_seconds() - before))
    warm = taken[1:]
    return Taken(
        statistics.median(one.wall for one in warm),
        statistics.median(one.cpu for one in warm),
    )


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

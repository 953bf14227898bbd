"""Kill -9 at random while memory is imported, rebuilt and forgotten: do SQL and vectors agree afterwards?"""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.memory_crash_child import OPERATIONS, open_memory
from contracts.memory import Memory
from memory.semantic.service import SemanticMemory

ROOT = Path(__file__).parent.parent
LONGEST_SECONDS = 3.0
SEED = 4


@dataclass
class Tally:
    """What the kills left behind.

    Attributes:
        disagreements: vectors missing or too many, promises broken: 0 is the bar.
        found: vectors left unsettled, put right on the next start: shows that kills did hit.
    """

    kills: int = 0
    disagreements: int = 0
    found: int = 0
    kept: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)


async def crash(kills: int) -> Tally:
    """Kill a working process `kills` times, its state going on from one to the next."""
    tally = Tally()
    chance = random.Random(SEED)
    operations = list(OPERATIONS)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        await _seed(state)
        for number in range(kills):
            heard = await asyncio.to_thread(
                _run_and_kill, state, operations[number % len(operations)], number, chance.random()
            )
            tally.kills += 1
            for line in heard:
                tally.kept += line.get("kept", [])
                tally.forgotten |= {line["forgot"]} if "forgot" in line else set()
            await _judge(state, tally)
    return tally


async def _seed(state: Path) -> None:
    memory = open_memory(state)
    await memory.remember(
        [Memory(text=f"rule {number}", kind="policy", source="policy") for number in range(500)]
    )
    memory.close()


def _run_and_kill(state: Path, operation: str, seed: int, share: float) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.memory_crash_child", str(state), operation, str(seed)]
    # Our own interpreter and module, in a folder of our own making.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:  # noqa: S603
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(share * LONGEST_SECONDS)
        if child.poll() is not None or not first:
            raise RuntimeError(f"{operation} ended by itself with {child.wait()}")
        child.kill()
        said = first + child.stdout.read()
    whole = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


async def _judge(state: Path, tally: Tally) -> None:
    memory = open_memory(state)
    try:
        tally.found += await asyncio.to_thread(_unsettled, memory)
        await memory.start()
        tally.disagreements += sum(each.disagreements for each in await memory.agreement())
        await memory.settled()
        tally.disagreements += await asyncio.to_thread(_broken, memory, tally)
    finally:
        memory.close()


def _unsettled(memory: SemanticMemory) -> int:
    current = memory.aliases.current()
    return memory.marks.count(current.name) if current else 0


def _broken(memory: SemanticMemory, tally: Tally) -> int:
    """Count broken promises: kept memories that are gone, forgotten ones that are not, marks left."""
    current = memory.aliases.current()
    assert current is not None
    rows = memory.memories.load(tally.kept)
    live = set(memory.memories.live_ids())
    there = set(memory.vectors.ids(current.name))
    forgotten = [
        row for row in memory.memories.load(sorted(there)).values() if row.customer in tally.forgotten
    ]
    return (
        len(live ^ there)
        + len(set(tally.kept) - rows.keys())
        + len(forgotten)
        + memory.marks.count(current.name)
    )

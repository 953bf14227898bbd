"""A process that works on semantic memory until it is killed: `STATE OPERATION SEED`.

It says on standard output what it has been promised, one JSON line each: `begun`, `kept` with ids,
`forgot` with a customer.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path

from benchmarks.hashing_embedder import HashingEmbedder
from contracts.memory import Document, Memory
from memory.database import migrate, open_engine
from memory.semantic.rebuild import CollectionRebuild
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge

UNINDEXED_LIMIT = 400
"""So low that the index is rebuilt, and its building killed, too."""
DIMENSIONS = (32, 48)


def load(name: str) -> HashingEmbedder:
    """Return `hashing-32` or `hashing-48`."""
    return HashingEmbedder(int(name.removeprefix("hashing-")), name=name)


def open_memory(state: Path) -> SemanticMemory:
    """Open memory in a folder, as the worker would."""
    engine = open_engine(f"sqlite:///{state / 'kontor.db'}")
    migrate(engine)
    vectors = QdrantEdge(state / "vectors", unindexed_limit=UNINDEXED_LIMIT)
    return SemanticMemory(engine, vectors, load("hashing-32"), load_embedder=load)


def say(**what: object) -> None:
    """Promise something to whoever listens."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def imports(memory: SemanticMemory, seed: int) -> None:
    """Take documents in, change them, take them in again."""
    for round_ in itertools.count():
        for number in range(4):
            source = f"post:{seed}-{number}"
            passages = tuple(
                Memory(
                    text=f"passage {part} of {source} in version {round_ * (part % 3)}",
                    kind="post",
                    source=source,
                )
                for part in range(12)
            )
            await memory.take_in([Document(source=source, passages=passages)])
        notes = [
            Memory(text=f"note {seed} {round_} {part}", kind="note", source=f"note:{seed}")
            for part in range(40)
        ]
        say(kept=await memory.remember(notes))


async def rebuilds(memory: SemanticMemory, _seed: int) -> None:
    """Build with the other embedder, switch, build with the first, switch back, without end."""
    steps = CollectionRebuild(memory)
    for round_ in itertools.count():
        current = memory.aliases.current()
        assert current is not None
        other = DIMENSIONS[current.identity.dimension == DIMENSIONS[0]]
        collection, _ = await steps.begin(f"hashing-{other}")
        while await steps.copy(collection):
            pass
        await steps.compare(collection, 10)
        await steps.switch(collection)
        if round_ % 2 and (before := await steps.previous()):
            await steps.switch(before)


async def forgets(memory: SemanticMemory, seed: int) -> None:
    """Write what is known of customers, and forget them."""
    for round_ in itertools.count():
        customer = f"customer-{seed}-{round_}"
        notes = [
            Memory(text=f"{customer} wanted {part}", kind="case", source="case", customer=customer)
            for part in range(60)
        ]
        await memory.remember(notes)
        say(forgetting=customer)
        await memory.forget(customer)
        say(forgot=customer)


OPERATIONS = {"import": imports, "rebuild": rebuilds, "forget": forgets}


async def main(state: Path, operation: str, seed: int) -> None:
    """Open memory and work on it."""
    memory = open_memory(state)
    await memory.start()
    say(begun=operation)
    await OPERATIONS[operation](memory, seed)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

"""Vectors in Qdrant's own engine, in this process, on disk: the embedded default."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import qdrant_edge as q

from contracts.embedding import EmbedderIdentity
from memory.semantic.stores.base import (
    KEYWORDS,
    NUMBERS,
    EmbedderMismatch,
    Filter,
    FolderBusy,
    Found,
    Hit,
    Point,
)
from memory.semantic.stores.lexicon import Lexicon

UNINDEXED_LIMIT = 20_000
"""Unindexed points are compared one by one: 20,000 cost about 1.5 ms a search on the machine measured."""
LEAST_DELETED = 1_000
"""The engine rewrites no segment for fewer deleted points."""
PAGE = 1_000
FLOAT_BYTES = 4
OPTIMIZER = (
    "import sys, qdrant_edge; shard = qdrant_edge.EdgeShard.load(sys.argv[1]); "
    "shard.optimize(); shard.flush(); shard.close()"
)


class QdrantEdge:
    """A folder of shards, one a collection. One process owns the folder while this is open.

    The engine builds its index holding Python's global lock (10 s at 20,000 points), so the index
    is built on a copy, in a child process, and the copy takes the shard's place; searches go on.
    """

    def __init__(
        self, folder: Path, lexicon: Lexicon | None = None, *, unindexed_limit: int = UNINDEXED_LIMIT
    ) -> None:
        """Take the folder.

        Args:
            folder: where the shards are.
            lexicon: turns text into term weights.
            unindexed_limit: how many points may lack an index before `optimize` builds one.

        Raises:
            FolderBusy: another process owns it; it is named.
        """
        self._folder = folder
        self._lexicon = lexicon or Lexicon()
        self._unindexed_limit = unindexed_limit
        self._shards: dict[str, q.EdgeShard] = {}
        self._using = threading.RLock()
        self._writing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)
        self._owner = _own(folder)

    def create(self, collection: str, identity: EmbedderIdentity) -> None:
        """Make the collection with its payload indexes if it is not there."""
        with self._writing[collection], self._using:
            held = self.identity(collection)
            if held is None:
                self._make(collection, identity)
            elif held != identity:
                raise EmbedderMismatch(collection, held, identity)

    def _config(self, dimension: int) -> q.EdgeConfig:
        # The engine indexes segments above a size in kB; ours must lie well below what we let pile up,
        # however that is spread over segments, or an optimisation would find nothing worth doing.
        pile_kb = self._unindexed_limit * dimension * FLOAT_BYTES // 1024
        return q.EdgeConfig(
            vectors={"dense": q.EdgeVectorParams(size=dimension, distance=q.Distance.Cosine)},
            sparse_vectors={"lexical": q.EdgeSparseVectorParams(modifier=q.Modifier.Idf)},
            optimizers=q.EdgeOptimizersConfig(indexing_threshold=max(1, pile_kb // 8)),
        )

    def _make(self, collection: str, identity: EmbedderIdentity) -> None:
        place = self._folder / collection
        shutil.rmtree(place, ignore_errors=True)  # a creation that was cut short left no identity
        (place / "shard").mkdir(parents=True)
        shard = q.EdgeShard.create(str(place / "shard"), self._config(identity.dimension))
        for field in KEYWORDS:
            shard.update(q.UpdateOperation.create_field_index(field, q.PayloadSchemaType.Keyword))
        for field in NUMBERS:
            shard.update(q.UpdateOperation.create_field_index(field, q.PayloadSchemaType.Float))
        shard.flush()
        self._shards[collection] = shard
        draft = place / "identity.json.draft"
        draft.write_text(identity.model_dump_json())
        draft.rename(place / "identity.json")

    def identity(self, collection: str) -> EmbedderIdentity | None:
        """Return what `identity.json` in the collection's folder says."""
        file = self._folder / collection / "identity.json"
        return EmbedderIdentity.model_validate(json.loads(file.read_text())) if file.exists() else None

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Write points through the engine's write-ahead log."""
        if points:
            made = [self._point(point) for point in points]
            with self._writing[collection], self._using:
                self._shard(collection).update(q.UpdateOperation.upsert_points(made))

    def _point(self, point: Point) -> q.Point:
        terms = self._lexicon.passage(point.text)
        return q.Point(
            point.id,
            {"dense": list(point.vector), "lexical": q.SparseVector(terms.indices, terms.values)},
            point.payload,
        )

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove points by id."""
        if ids:
            with self._writing[collection], self._using:
                self._shard(collection).update(q.UpdateOperation.delete_points(list(ids)))

    def search(
        self, collection: str, vector: Sequence[float] | None, words: str | None, narrow: Filter, limit: int
    ) -> Found:
        """Search both sides; each takes the same filter."""
        filter_ = _filter(narrow)
        terms = self._lexicon.question(words) if words is not None else None
        with self._using:
            shard = self._shard(collection)
            dense = _query(shard, list(vector), "dense", filter_, limit) if vector is not None else []
            lexical: list[Hit] = []
            if terms and terms.indices:
                sparse = q.SparseVector(terms.indices, terms.values)
                lexical = _query(shard, sparse, "lexical", filter_, limit)
        return Found(dense, lexical)

    def ids(self, collection: str) -> Iterator[str]:
        """Scroll through the ids."""
        offset: q.PointId | None = None
        while True:
            request = q.ScrollRequest(offset=offset, limit=PAGE, with_payload=False, with_vector=False)
            with self._using:
                records, offset = self._shard(collection).scroll(request)
            yield from (str(record.id) for record in records)
            if offset is None:
                return

    def count(self, collection: str) -> int:
        """Count points exactly."""
        with self._using:
            return self._shard(collection).count(q.CountRequest(exact=True))

    def lags(self, collection: str) -> bool:
        """Compare the engine's own counts."""
        with self._using:
            info = self._shard(collection).info()
        limit = max(self._unindexed_limit, min(info.points_count // 4, 3 * self._unindexed_limit))
        return _lags(info.points_count, info.indexed_vectors_count, limit)

    def optimize(self, collection: str, *, force: bool = False) -> bool:
        """Build the index in a child process, on a copy that then takes the shard's place."""
        with self._writing[collection]:
            if not (force or self.lags(collection)):
                return False
            with self._using:
                self._shard(collection).flush()
            place = self._folder / collection
            # A child of a killed owner may still be at work on its own draft.
            draft = place / f"next.draft-{os.getpid()}"
            shutil.copytree(place / "shard", draft)
            # Our own interpreter with a constant script, and a path of our own making.
            subprocess.run([sys.executable, "-c", OPTIMIZER, str(draft)], check=True)  # noqa: S603
            draft.rename(place / "next")
            with self._using:
                self._shards.pop(collection).close()
                _take_next(place)
                self._shard(collection)
        return True

    def drop(self, collection: str) -> None:
        """Delete the collection's folder; its identity goes first, so that half of it is none of it."""
        with self._writing[collection], self._using:
            if shard := self._shards.pop(collection, None):
                shard.close()
            place = self._folder / collection
            (place / "identity.json").unlink(missing_ok=True)
            shutil.rmtree(place, ignore_errors=True)

    def close(self) -> None:
        """Flush and close every shard, and give the folder up."""
        with contextlib.ExitStack() as waiting:
            for writing in list(self._writing.values()):
                waiting.enter_context(writing)
            waiting.enter_context(self._using)
            for shard in self._shards.values():
                shard.flush()
                shard.close()
            self._shards.clear()
            self._closed = True
            os.close(self._owner)

    def _shard(self, collection: str) -> q.EdgeShard:
        if self._closed:
            raise RuntimeError(f"{self._folder} was closed")
        if collection not in self._shards:
            place = self._folder / collection
            if not (place / "identity.json").exists():
                raise KeyError(f"there is no collection {collection} in {self._folder}")
            _take_next(place)
            self._shards[collection] = q.EdgeShard.load(str(place / "shard"))
        return self._shards[collection]


def _own(folder: Path) -> int:
    """Lock the folder for this process; the lock dies with it, however it dies."""
    descriptor = os.open(folder / "owner", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode() or "another process"
        os.close(descriptor)
        raise FolderBusy(f"{folder} is in use by process {holder}") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _lags(points: int, indexed: int, limit: int) -> bool:
    """Tell whether `limit` points lack an index, or a good part of the index is of deleted points.

    The engine counts each point's two vectors: the sparse one as indexed at once, the dense one
    when its segment was optimised, and deleted ones until their segment is rewritten.
    """
    unindexed = 2 * points - indexed
    return unindexed >= limit or -unindexed > max(2 * LEAST_DELETED, points // 2)


def _take_next(place: Path) -> None:
    """Put a finished optimised copy in the shard's place; from any point it was cut short at.

    `next` appears by renaming, complete. While it exists it is the newest: nothing was written to
    the old shard after it was copied, because writers wait until the exchange is done.
    """
    for draft in place.glob("next.draft*"):
        shutil.rmtree(draft, ignore_errors=True)
    if (place / "next").exists():
        shutil.rmtree(place / "shard", ignore_errors=True)
        (place / "next").rename(place / "shard")


def _query(
    shard: q.EdgeShard, query: list[float] | q.SparseVector, using: str, filter_: q.Filter | None, limit: int
) -> list[Hit]:
    request = q.QueryRequest(
        limit=limit, query=q.Query.Nearest(query, using=using), filter=filter_, with_payload=False
    )
    return [Hit(str(point.id), point.score) for point in shard.query(request)]


def _filter(narrow: Filter) -> q.Filter | None:
    must: list[q.ConditionType] = [
        q.FieldCondition(each.field, match=q.MatchAny(list(each.any_of)))
        if each.any_of
        else q.FieldCondition(each.field, range=q.RangeFloat(gte=each.since, gt=each.after, lt=each.before))
        for each in narrow.conditions()
    ]
    return q.Filter(must=must) if must else None

"""Vectors in a Qdrant server or cluster, by URL."""

from collections.abc import Iterator, Sequence

from qdrant_client import QdrantClient, models

from contracts.embedding import EmbedderIdentity
from memory.semantic.stores.base import KEYWORDS, NUMBERS, EmbedderMismatch, Filter, Found, Hit, Point
from memory.semantic.stores.lexicon import Lexicon

PAGE = 1_000
BATCH = 256
"""Points in one request: 256 of 384 dimensions are about 2 MB of JSON."""


class QdrantServer:
    """A `VectorStore` of a server. The embedder's identity is the collection's metadata."""

    def __init__(self, client: QdrantClient, lexicon: Lexicon | None = None) -> None:
        """Take a client: of a server, or in its local mode for tests."""
        self._client = client
        self._lexicon = lexicon or Lexicon()

    def create(self, collection: str, identity: EmbedderIdentity) -> None:
        """Make the collection with its payload indexes if it is not there."""
        held = self.identity(collection)
        if held is None:
            self._client.create_collection(
                collection,
                vectors_config={
                    "dense": models.VectorParams(size=identity.dimension, distance=models.Distance.COSINE)
                },
                sparse_vectors_config={"lexical": models.SparseVectorParams(modifier=models.Modifier.IDF)},
                metadata={"embedder": identity.model_dump(mode="json")},
            )
        elif held != identity:
            raise EmbedderMismatch(collection, held, identity)
        self._index(collection)

    def _index(self, collection: str) -> None:
        there = self._client.get_collection(collection).payload_schema
        wanted = dict.fromkeys(KEYWORDS, models.PayloadSchemaType.KEYWORD)
        wanted |= dict.fromkeys(NUMBERS, models.PayloadSchemaType.FLOAT)
        for field, schema in wanted.items():
            if field not in there:
                self._client.create_payload_index(collection, field, schema, wait=True)

    def identity(self, collection: str) -> EmbedderIdentity | None:
        """Return what the collection's metadata says."""
        if not self._client.collection_exists(collection):
            return None
        metadata = self._client.get_collection(collection).config.metadata or {}
        return EmbedderIdentity.model_validate(metadata["embedder"])

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Write points and wait until they are searchable."""
        for start in range(0, len(points), BATCH):
            made = [self._point(point) for point in points[start : start + BATCH]]
            self._client.upsert(collection, made, wait=True)

    def _point(self, point: Point) -> models.PointStruct:
        terms = self._lexicon.passage(point.text)
        return models.PointStruct(
            id=point.id,
            vector={
                "dense": list(point.vector),
                "lexical": models.SparseVector(indices=terms.indices, values=terms.values),
            },
            payload=point.payload,
        )

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove points by id."""
        if ids:
            self._client.delete(collection, models.PointIdsList(points=list(ids)), wait=True)

    def search(
        self, collection: str, vector: Sequence[float] | None, words: str | None, narrow: Filter, limit: int
    ) -> Found:
        """Search both sides in one request."""
        filter_ = _filter(narrow)
        asked: dict[str, models.QueryRequest] = {}
        if vector is not None:
            asked["dense"] = _request(list(vector), "dense", filter_, limit)
        if words is not None and (terms := self._lexicon.question(words)).indices:
            sparse = models.SparseVector(indices=terms.indices, values=terms.values)
            asked["lexical"] = _request(sparse, "lexical", filter_, limit)
        if not asked:
            return Found()
        answers = self._client.query_batch_points(collection, list(asked.values()))
        hits = {
            side: [Hit(str(point.id), point.score) for point in answer.points]
            for side, answer in zip(asked, answers, strict=True)
        }
        return Found(hits.get("dense", []), hits.get("lexical", []))

    def ids(self, collection: str) -> Iterator[str]:
        """Scroll through the ids."""
        offset = None
        while True:
            records, offset = self._client.scroll(
                collection, limit=PAGE, offset=offset, with_payload=False, with_vectors=False
            )
            yield from (str(record.id) for record in records)
            if offset is None:
                return

    def count(self, collection: str) -> int:
        """Count points exactly."""
        return self._client.count(collection, exact=True).count

    def lags(self, collection: str) -> bool:
        """A server optimizes by itself."""
        return False

    def optimize(self, collection: str, *, force: bool = False) -> bool:
        """Do nothing: a server optimizes by itself."""
        return False

    def drop(self, collection: str) -> None:
        """Delete the collection."""
        self._client.delete_collection(collection)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _request(
    query: list[float] | models.SparseVector, using: str, filter_: models.Filter | None, limit: int
) -> models.QueryRequest:
    nearest = models.NearestQuery(nearest=query)
    return models.QueryRequest(query=nearest, using=using, filter=filter_, limit=limit, with_payload=False)


def _filter(narrow: Filter) -> models.Filter | None:
    must: list[models.Condition] = [
        models.FieldCondition(key=each.field, match=models.MatchAny(any=list(each.any_of)))
        if each.any_of
        else models.FieldCondition(
            key=each.field, range=models.Range(gte=each.since, gt=each.after, lt=each.before)
        )
        for each in narrow.conditions()
    ]
    return models.Filter(must=must) if must else None

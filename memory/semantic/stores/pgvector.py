"""Vectors in PostgreSQL with pgvector, for those who run PostgreSQL already."""

import json
import re
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine, text

from contracts.embedding import EmbedderIdentity
from memory.semantic.stores.base import EmbedderMismatch, Filter, Found, Hit, Point
from memory.semantic.stores.lexicon import Lexicon

SCHEMA = "kontor_vectors"
PAGE = 1_000
BATCH = 500
UNINDEXED_LIMIT = 10_000
"""Up to here an exact scan answers in milliseconds, and ingest need not keep a graph up to date."""
COUNT_EXACTLY_BELOW = 10_000
EF_SEARCH = 100
CREATION_LOCK = 0x6B6F6E746F72  # "kontor"
DEFINITION = """
create table {points} (
    id uuid primary key, kind text not null, case_id text not null, customer text not null,
    at double precision not null, until double precision not null, vector vector({dimension}) not null
);
create index on {points} (kind);
create index on {points} (case_id);
create index on {points} (customer);
create table {terms} (
    term bigint not null, id uuid not null references {points} on delete cascade, weight real not null,
    primary key (term, id) include (weight)
);
create index on {terms} (id);
"""
# Okapi BM25's rarity factor, as Lucene and Qdrant count it: ln(1 + (N - n + 0.5) / (n + 0.5)).
LEXICAL = """
with found as (select id, term, weight from {terms} where term = any(cast(:asked as bigint[]))),
rarity as (
    select term, ln(1 + (:total - count(*) + 0.5) / (count(*) + 0.5)) as worth from found group by term
)
select p.id, sum(f.weight * r.worth) as score
from found f join rarity r using (term) join {points} p on p.id = f.id {where}
group by p.id order by score desc, p.id limit :limit
"""


class PgVector:
    """A `VectorStore` in PostgreSQL: a table of points and a table of term weights a collection."""

    def __init__(self, engine: Engine, lexicon: Lexicon | None = None) -> None:
        """Take a PostgreSQL engine; the extension and a schema of our own are made at first use."""
        self._engine = engine
        self._lexicon = lexicon or Lexicon()
        self._prepared = False

    def _begin(self) -> Engine:
        if not self._prepared:
            with self._engine.begin() as connection:
                # Two processes that start at once would both create: one at a time.
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": CREATION_LOCK})
                connection.execute(text("create extension if not exists vector"))
                connection.execute(text(f"create schema if not exists {SCHEMA}"))
                connection.execute(
                    text(
                        f"create table if not exists {SCHEMA}.collections"
                        " (name text primary key, embedder jsonb not null)"
                    )
                )
            self._prepared = True
        return self._engine

    def create(self, collection: str, identity: EmbedderIdentity) -> None:
        """Make the collection's tables if they are not there, in one transaction."""
        with self._begin().begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": CREATION_LOCK})
            held = _identity(connection, collection)
            if held is not None:
                if held != identity:
                    raise EmbedderMismatch(collection, held, identity)
                return
            connection.execute(
                text(f"insert into {SCHEMA}.collections values (:name, cast(:embedder as jsonb))"),  # noqa: S608 (a constant)
                {"name": collection, "embedder": identity.model_dump_json()},
            )
            points, terms = _tables(collection)
            connection.exec_driver_sql(
                DEFINITION.format(points=points, terms=terms, dimension=identity.dimension)
            )

    def identity(self, collection: str) -> EmbedderIdentity | None:
        """Return what the register of collections says."""
        with self._begin().connect() as connection:
            return _identity(connection, collection)

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Write points and their terms, a batch a transaction."""
        for start in range(0, len(points), BATCH):
            with self._begin().begin() as connection:
                self._write(connection, collection, points[start : start + BATCH])

    def _write(self, connection: Connection, collection: str, points: Sequence[Point]) -> None:
        table, terms = _tables(collection)
        connection.execute(
            text(
                f"insert into {table} select * from unnest(cast(:id as uuid[]), cast(:kind as text[]),"  # noqa: S608 (our own table name)
                " cast(:case_id as text[]), cast(:customer as text[]), cast(:at as float8[]),"
                " cast(:until as float8[]), cast(:vector as vector[])) on conflict (id) do update set"
                " kind = excluded.kind, case_id = excluded.case_id, customer = excluded.customer,"
                " at = excluded.at, until = excluded.until, vector = excluded.vector"
            ),
            {
                "id": [point.id for point in points],
                "kind": [point.kind for point in points],
                "case_id": [point.case_id for point in points],
                "customer": [point.customer for point in points],
                "at": [point.at for point in points],
                "until": [point.valid_until for point in points],
                "vector": [_literal(point.vector) for point in points],
            },
        )
        rows = [
            (term, point.id, weight)
            for point in points
            for term, weight in zip(*_terms(self._lexicon, point.text), strict=True)
        ]
        connection.execute(
            text(
                f"insert into {terms} select * from unnest(cast(:term as bigint[]), cast(:id as uuid[]),"  # noqa: S608 (our own table name)
                " cast(:weight as real[])) on conflict do nothing"
            ),
            {"term": [r[0] for r in rows], "id": [r[1] for r in rows], "weight": [r[2] for r in rows]},
        )

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove points; their terms go with them."""
        if ids:
            points, _ = _tables(collection)
            with self._begin().begin() as connection:
                statement = text(f"delete from {points} where id = any(cast(:ids as uuid[]))")  # noqa: S608 (our own table name)
                connection.execute(statement, {"ids": list(ids)})

    def search(
        self, collection: str, vector: Sequence[float] | None, words: str | None, narrow: Filter, limit: int
    ) -> Found:
        """Search by cosine distance, and by BM25 over the term table."""
        where, arguments = _where(narrow)
        arguments["limit"] = limit
        with self._begin().connect() as connection:
            dense = _dense(connection, collection, vector, where, arguments) if vector is not None else []
            asked = self._lexicon.question(words).indices if words is not None else []
            lexical = _lexical(connection, collection, asked, where, arguments) if asked else []
        return Found(dense, lexical)

    def ids(self, collection: str) -> Iterator[str]:
        """Page through the ids in their order."""
        points, _ = _tables(collection)
        after = "00000000-0000-0000-0000-000000000000"
        while True:
            statement = text(
                f"select id from {points} where id > cast(:after as uuid) order by id limit {PAGE}"  # noqa: S608 (our own table name)
            )
            with self._begin().connect() as connection:
                page = [str(id_) for id_ in connection.execute(statement, {"after": after}).scalars()]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]

    def count(self, collection: str) -> int:
        """Count points exactly."""
        with self._begin().connect() as connection:
            return _count(connection, _tables(collection)[0])

    def lags(self, collection: str) -> bool:
        """Say whether there is no HNSW graph and there are points enough for one."""
        points, _ = _tables(collection)
        with self._begin().connect() as connection:
            return not _indexed(connection, points) and _count(connection, points) >= UNINDEXED_LIMIT

    def optimize(self, collection: str, *, force: bool = False) -> bool:
        """Build the HNSW graph once there are `UNINDEXED_LIMIT` points; from then on it keeps up."""
        points, terms = _tables(collection)
        with self._begin().begin() as connection:
            if _indexed(connection, points) or not (force or self.lags(collection)):
                return False
            connection.execute(text("set local maintenance_work_mem = '512MB'"))
            connection.execute(
                text(
                    f'create index if not exists "{_index(points)}" on {points}'
                    " using hnsw (vector vector_cosine_ops)"
                )
            )
            connection.execute(text(f"analyze {points}"))
            connection.execute(text(f"analyze {terms}"))
        return True

    def drop(self, collection: str) -> None:
        """Drop the collection's tables."""
        points, terms = _tables(collection)
        with self._begin().begin() as connection:
            connection.execute(
                text(f"delete from {SCHEMA}.collections where name = :name"),  # noqa: S608 (a constant)
                {"name": collection},
            )
            connection.execute(text(f"drop table if exists {terms}, {points}"))

    def close(self) -> None:
        """Leave the engine to whoever opened it."""


def _tables(collection: str) -> tuple[str, str]:
    """Return the quoted names of a collection's two tables (PostgreSQL cuts names at 63 bytes)."""
    name = re.sub(r"[^a-z0-9]+", "_", collection.lower())[-45:]
    return f'{SCHEMA}."points_{name}"', f'{SCHEMA}."terms_{name}"'


def _identity(connection: Connection, collection: str) -> EmbedderIdentity | None:
    statement = text(f"select embedder from {SCHEMA}.collections where name = :name")  # noqa: S608 (a constant)
    held = connection.execute(statement, {"name": collection}).scalar()
    return (
        EmbedderIdentity.model_validate(held if isinstance(held, dict) else json.loads(held))
        if held
        else None
    )


def _index(points: str) -> str:
    return points.split(".")[1].strip('"') + "_hnsw"


def _indexed(connection: Connection, points: str) -> bool:
    statement = text("select 1 from pg_indexes where schemaname = :schema and indexname = :name")
    return connection.execute(statement, {"schema": SCHEMA, "name": _index(points)}).first() is not None


def _literal(vector: Sequence[float]) -> str:
    return "[" + ",".join(map(repr, map(float, vector))) + "]"


def _terms(lexicon: Lexicon, passage: str) -> tuple[list[int], list[float]]:
    terms = lexicon.passage(passage)
    return terms.indices, terms.values


def _count(connection: Connection, points: str) -> int:
    return int(connection.execute(text(f"select count(*) from {points}")).scalar_one())  # noqa: S608 (our own table name)


def _about(connection: Connection, points: str) -> int:
    """Return how many points there are: exactly while few, else as the planner estimates."""
    estimate = connection.execute(
        text("select reltuples from pg_class where oid = cast(:name as regclass)"), {"name": points}
    ).scalar_one()
    return int(estimate) if estimate >= COUNT_EXACTLY_BELOW else _count(connection, points)


def _dense(
    connection: Connection,
    collection: str,
    vector: Sequence[float],
    where: str,
    arguments: dict[str, object],
) -> list[Hit]:
    points, _ = _tables(collection)
    limit = int(str(arguments["limit"]))
    connection.execute(text(f"set local hnsw.ef_search = {min(max(EF_SEARCH, limit), 1000)}"))
    statement = text(
        f"select p.id, 1 - (p.vector <=> cast(:vector as vector)) from {points} p {where}"  # noqa: S608 (our own table name)
        " order by p.vector <=> cast(:vector as vector) limit :limit"
    )
    arguments = arguments | {"vector": _literal(vector)}
    rows = connection.execute(statement, arguments).all()
    if where and len(rows) < limit:
        # The graph's candidates are filtered after they were found (pgvector goes on searching only
        # from 0.8 on): what passed may be too little, so all rows that pass are compared.
        connection.execute(text("set local enable_indexscan = off"))
        rows = connection.execute(statement, arguments).all()
    return [Hit(str(id_), float(score)) for id_, score in rows]


def _lexical(
    connection: Connection, collection: str, asked: list[int], where: str, arguments: dict[str, object]
) -> list[Hit]:
    points, terms = _tables(collection)
    statement = text(LEXICAL.format(points=points, terms=terms, where=where))
    rows = connection.execute(statement, arguments | {"asked": asked, "total": _about(connection, points)})
    return [Hit(str(id_), float(score)) for id_, score in rows]


def _where(narrow: Filter) -> tuple[str, dict[str, object]]:
    conditions: list[str] = []
    arguments: dict[str, object] = {}
    if narrow.kinds:
        conditions.append("p.kind = any(:kinds)")
        arguments["kinds"] = list(narrow.kinds)
    if narrow.case_id:
        conditions.append("p.case_id = :case_id")
        arguments["case_id"] = narrow.case_id
    if narrow.customers:
        conditions.append("p.customer = any(:customers)")
        arguments["customers"] = list(narrow.customers)
    if narrow.since:
        conditions.append("p.at >= :since")
        arguments["since"] = narrow.since.timestamp()
    if narrow.until:
        conditions.append("p.at < :until")
        arguments["until"] = narrow.until.timestamp()
    if narrow.valid_at:
        conditions.append("p.until > :valid_at")
        arguments["valid_at"] = narrow.valid_at.timestamp()
    return ("where " + " and ".join(conditions) if conditions else ""), arguments

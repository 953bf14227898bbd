"""Where the log begins to tell of rows: which are older than that, and the episode that seals their list."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from contracts.case import Episode
from memory.database import dialect_of, reading
from memory.episodic.chain import Link
from memory.tables.episodes import EpisodeRow, UnloggedRow

KIND = "boundary"
EPISODE_ID = "books#boundary"
CASE_ID = "books"
_AT_ONCE = 2000


def marks(engine: Engine, at: datetime) -> list[Episode]:
    """Return the episode that seals the list of older rows, if there are any and it is not in the log."""
    with reading(engine) as session:
        if session.exec(select(UnloggedRow).limit(1)).first() is None:
            return []
        if session.exec(select(EpisodeRow.id).where(col(EpisodeRow.id) == EPISODE_ID)).first():
            return []
        counts, digest = sealed(session)
    data = {"unlogged": dict(counts), "digest": digest}
    return [Episode(id=EPISODE_ID, case_id=CASE_ID, kind=KIND, at=at, data=data)]


def sealed(session: Session) -> tuple[dict[str, int], str]:
    """Return how many rows of each table are on the list, and the SHA-256 over all their keys in order."""
    counts: dict[str, int] = {}
    digest = hashlib.sha256()
    for table, key in unlogged(session):
        counts[table] = counts.get(table, 0) + 1
        digest.update(f"{table}\n{key}\n".encode())
    return counts, digest.hexdigest()


def digest_of(link: Link) -> str:
    """Return the digest that the sealing episode has; empty if its data was changed beyond reading."""
    try:
        return str(json.loads(link.data)["digest"])
    except (ValueError, KeyError, TypeError):
        return ""


def unlogged(session: Session) -> Iterator[tuple[str, str]]:
    """Yield table and key of each row that was written before the log told of rows, in order of bytes."""
    table, key = col(UnloggedRow.table_name), col(UnloggedRow.key)
    order = (table.collate("C"), key.collate("C")) if dialect_of(session) == "postgresql" else (table, key)
    query = select(UnloggedRow.table_name, UnloggedRow.key).order_by(*order)
    for row in session.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield row.table_name, row.key

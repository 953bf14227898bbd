"""The episode log read for verification and export: in pages, from one snapshot."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from memory.anchor import AnchorSink
from memory.audit import ChainCheck, Report, check_anchors
from memory.chain import Head, Link
from memory.database import reading
from memory.episodes import read_head
from memory.tables.episodes import EpisodeRow

PAGE = 2000
_COLUMNS = tuple(col(getattr(EpisodeRow, name)) for name in Link.model_fields)
_position, _hash = col(EpisodeRow.position), col(EpisodeRow.hash)

Progress = Callable[[int, int], None]
"""Called with how many links were read and how many there are."""


class Unreadable(Exception):
    """A link that the database cannot give back, or gives back as something else than text."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"episode {position}: {why}")
        self.position = position
        self.why = why


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """One read transaction that sees one moment throughout; SQLite's always does."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with reading(engine) as session:
        yield session


def pages(session: Session, count: int) -> Iterator[list[Link | Unreadable]]:
    """Yield the log in order of position, `PAGE` links at a time.

    Args:
        session: a snapshot.
        count: what the head counts; behind it the walk ends at the first page that is empty.
    """
    last = 0
    while True:
        query = select(*_COLUMNS).where(_position > last).order_by(_position).limit(PAGE)
        try:
            page: list[Link | Unreadable] = [_link(last, row) for row in session.execute(query)]
            following = max((link.position for link in page), default=last)
        except (DBAPIError, UnicodeDecodeError):
            session.rollback()
            page, following = list(_one_by_one(session, last)), last + PAGE
        if page:
            yield page
        elif following >= count or following == last:
            return
        last = following


def _one_by_one(session: Session, last: int) -> Iterator[Link | Unreadable]:
    """Read a page's links each on its own, to find out which of them cannot be read."""
    for position in range(last + 1, last + PAGE + 1):
        try:
            row = session.execute(select(*_COLUMNS).where(_position == position)).first()
        except (DBAPIError, UnicodeDecodeError) as error:
            session.rollback()
            yield Unreadable(position, str(getattr(error, "orig", error)))
        else:
            if row is not None:
                yield _link(position, row)


def _link(position: int, row: tuple[object, ...]) -> Link | Unreadable:
    values = dict(zip(Link.model_fields, row, strict=True))
    try:
        return Link.model_validate(values, strict=True)
    except ValidationError as error:
        found = values["position"]
        at = found if isinstance(found, int) else position + 1
        return Unreadable(at, f"{error.errors()[0]['loc'][0]} is not text")


def verify_log(engine: Engine, sink: AnchorSink, public_key: str, progress: Progress | None = None) -> Report:
    """Read the whole log and compare it with its signed head and with the heads kept outside.

    Appends may go on meanwhile. Memory is bounded by the page; time grows with the log.
    """
    check = ChainCheck()
    with snapshot(engine) as session:
        head = read_head(session)
        for page in pages(session, head.count):
            for link in page:
                _take(check, link)
            if progress is not None:
                progress(check.links, head.count)
        check.finish(head, public_key, lambda hashes: _find(session, hashes))
    anchors, newest = check_anchors(check, sink.heads(), public_key, lambda at: _stored_at(engine, at))
    notes = _anchor_notes(check, head, newest)
    return Report(
        links=check.links,
        head=head,
        anchors=anchors,
        findings=tuple(check.findings),
        found=check.found,
        notes=notes,
    )


def _take(check: ChainCheck, link: Link | Unreadable) -> None:
    if isinstance(link, Unreadable):
        check.unreadable(link.position, link.why)
    else:
        check.read(link)


def _anchor_notes(check: ChainCheck, head: Head, newest: Head | None) -> tuple[str, ...]:
    """Say what the heads kept outside do not cover; none at all is a finding, not a note."""
    if head.count and newest is None:
        what = "no head of this log is kept outside; if it never was, `kontor audit anchor` keeps one"
        check.note("anchor", 0, what)
    elif newest is not None and newest.count < head.count:
        return (f"the last {head.count - newest.count} episodes have no head outside yet",)
    return ()


def _find(session: Session, hashes: Collection[str]) -> dict[str, int]:
    rows = session.execute(select(_hash, _position).where(_hash.in_(list(hashes))))
    return dict(rows.all())


def _stored_at(engine: Engine, positions: Collection[int]) -> dict[int, str]:
    with reading(engine) as session:
        query = select(_position, _hash).where(_position.in_(list(positions)))
        return dict(session.execute(query).all())

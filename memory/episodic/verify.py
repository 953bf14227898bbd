"""The episode log read for verification and export: in pages, from one snapshot, with the books beside it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from contracts.base import Frozen
from contracts.counted import counted
from memory.database import reading
from memory.episodic import boundary
from memory.episodic.anchor import AnchorSink
from memory.episodic.anchor_check import PlaceReport, check_places
from memory.episodic.books_check import BooksCheck, BooksReport
from memory.episodic.books_check import count as rows_to_compare
from memory.episodic.boundary import unlogged
from memory.episodic.chain import GENESIS, ChainHead, Link
from memory.episodic.chain_check import ChainCheck, LogFinding
from memory.episodic.journal import READ_HEAD
from memory.episodic.said_rows import SaidRows
from memory.tables.episodes import EpisodeRow


class Report(Frozen):
    """What a verification found.

    Attributes:
        links: how many were read.
        places: where heads are kept outside; empty if that was not asked.
        books: how the rows of the books stand to the log; None if that was not asked.
        findings: the first `FINDINGS_KEPT`; `found` counts all of them.
        notes: what a reader should know besides.
    """

    links: int
    head: ChainHead
    places: tuple[PlaceReport, ...] = ()
    books: BooksReport | None = None
    findings: tuple[LogFinding, ...] = ()
    found: int = 0
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """True if nothing is wrong, in the log, outside, and in the books."""
        return self.found == 0 and (self.books is None or self.books.found == 0)

    @property
    def anchors(self) -> int | None:
        """How many heads kept outside were compared; None if that was not asked."""
        return sum(place.heads for place in self.places) if self.places else None

    @property
    def without_head(self) -> int:
        """How many episodes behind the newest head outside could be cut off unseen."""
        return max(0, self.head.count - max((place.count for place in self.places), default=0))


PAGE = 2000
NO_HEAD = ChainHead(count=0, hash=GENESIS, at="")
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


def verify_log(
    engine: Engine, places: Mapping[str, AnchorSink], public_key: str, progress: Progress | None = None
) -> Report:
    """Read the whole log; compare it with its signed head, with the heads outside, and with the books.

    Appends may go on meanwhile. Memory is bounded by the page; time grows with the log and the books,
    and what the log says of rows is gathered in a temporary file.

    Args:
        engine: the database.
        places: where heads are kept outside, by the names that people know them by.
        public_key: whose signature heads must carry.
        progress: called now and then.
    """
    tell = progress or (lambda _done, _total: None)
    check = ChainCheck()
    with snapshot(engine) as session, closing(SaidRows(unlogged(session))) as said:
        head = _head(session)
        total = (head or NO_HEAD).count + rows_to_compare(session)
        sealed_list = SealedList()
        for page in pages(session, (head or NO_HEAD).count):
            for link in page:
                _take(check, link, said, sealed_list)
            tell(check.links, total)
        check.finish(head, public_key, lambda hashes: _find(session, hashes))
        notes = _boundary_notes(check, sealed_list, session)
        books = BooksCheck(said, lambda rows: tell(check.links + rows, total)).read(session)
    outside = check_places(check, places, public_key, lambda at: _stored_at(engine, at))
    return Report(
        links=check.links,
        head=head or NO_HEAD,
        places=outside,
        books=books,
        findings=tuple(check.findings),
        found=check.found,
        notes=notes,
    )


def _head(session: Session) -> ChainHead | None:
    """Return the signed head; None where somebody left none, several, or something else."""
    rows = session.execute(READ_HEAD).all()
    try:
        return ChainHead.model_validate(dict(rows[0]._mapping), strict=True) if len(rows) == 1 else None
    except ValidationError:
        return None


@dataclass
class SealedList:
    """What the log says of the list of older rows.

    Attributes:
        at: the position of the episode that seals it; 0 if there is none.
        digest: over the list, as that episode has it.
        first_written: the position of the first episode that says what rows hold; 0 if there is none.
    """

    at: int = 0
    digest: str = ""
    first_written: int = 0


def _take(check: ChainCheck, link: Link | Unreadable, said: SaidRows, sealed_list: SealedList) -> None:
    if isinstance(link, Unreadable):
        check.unreadable(link.position, link.why)
        return
    check.read(link)
    if said.take(link):
        sealed_list.first_written = sealed_list.first_written or link.position
    elif link.id == boundary.EPISODE_ID:
        sealed_list.at, sealed_list.digest = link.position, boundary.digest_of(link)


def _boundary_notes(check: ChainCheck, sealed_list: SealedList, session: Session) -> tuple[str, ...]:
    """Compare the list of older rows with the episode that seals it."""
    counts, digest = boundary.sealed(session)
    if sealed_list.at and digest != sealed_list.digest:
        what = "the list of rows that are older than what the log tells of rows was changed"
        check.note("boundary", sealed_list.at, what)
    elif counts and not sealed_list.at and sealed_list.first_written:
        rows = counted(sum(counts.values()), "row is", "rows are")
        what = f"{rows} listed as older than the log's word on rows; no episode says so"
        check.note("boundary", sealed_list.first_written, what)
    elif counts and not sealed_list.at:
        return ("the list of older rows is not sealed yet: the next change of the books does that",)
    return ()


def _find(session: Session, hashes: Collection[str]) -> dict[str, int]:
    rows = session.execute(select(_hash, _position).where(_hash.in_(list(hashes))))
    return dict(rows.all())


def _stored_at(engine: Engine, positions: Collection[int]) -> dict[int, str]:
    with reading(engine) as session:
        query = select(_position, _hash).where(_position.in_(list(positions)))
        return dict(session.execute(query).all())

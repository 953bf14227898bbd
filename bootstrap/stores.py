"""Our own books: the database and the stores on it."""

from functools import lru_cache
from pkgutil import resolve_name

from sqlalchemy import Engine

from bootstrap.outside import secrets
from memory.accounting import SqlAccounting
from memory.anchor import Anchor, AnchorFile, AnchorSink
from memory.approval_overrides import SqlOverrides
from memory.approval_queue import SqlApprovalQueue
from memory.approvals import SqlApprovals
from memory.authorizations import SqlAuthorizations
from memory.books import SqlBooks
from memory.cases import SqlCases
from memory.chain import Signer
from memory.claims import SqlClaims
from memory.database import migrate, open_engine
from memory.decisions import SqlDecisions
from memory.doubts import SqlDoubts
from memory.episodes import SqlEpisodes
from memory.ledger import SqlLedger
from memory.permits import SqlPermits
from memory.record import SqlRecord
from memory.signing_key import SigningKeyFile
from memory.verdicts import SqlVerdicts
from settings import Settings


@lru_cache(maxsize=4)
def database(settings: Settings) -> Engine:
    """Open the authoritative database and bring its schema up to date."""
    engine = open_engine(settings.sql_url)
    migrate(engine)
    return engine


def cases(settings: Settings) -> SqlCases:
    """Return the office's list of cases."""
    return SqlCases(database(settings))


def decisions(settings: Settings) -> SqlDecisions:
    """Return the record of every decision."""
    return SqlDecisions(database(settings))


def verdicts(settings: Settings) -> SqlVerdicts:
    """Return the record of every verdict."""
    return SqlVerdicts(database(settings))


def claims(settings: Settings) -> SqlClaims:
    """Return who works on what."""
    return SqlClaims(database(settings))


def anchor_sink(settings: Settings) -> AnchorSink:
    """Return the place outside the database that keeps the episode log's heads."""
    if settings.audit_sink:
        sink: AnchorSink = resolve_name(settings.audit_sink)()
        return sink
    return AnchorFile(settings.audit_anchor_file)


@lru_cache(maxsize=2)
def anchor(settings: Settings) -> Anchor:
    """Return what decides when a head is kept outside; one a process."""
    return Anchor(anchor_sink(settings))


@lru_cache(maxsize=2)
def audit_signer(settings: Settings) -> Signer:
    """Return what signs the episode log's head; with local secrets its key is made when needed."""
    local = settings.secrets == "file"
    return Signer(SigningKeyFile(settings.secrets_file) if local else secrets(settings))


def episodes(settings: Settings) -> SqlEpisodes:
    """Return the append-only log."""
    return SqlEpisodes(database(settings), audit_signer(settings), anchor(settings))


def bookkeeper(settings: Settings) -> SqlRecord:
    """Return the desk's hot path into the books: a case's row and episodes in one commit."""
    return SqlRecord(database(settings), audit_signer(settings), anchor(settings))


def ledger(settings: Settings) -> SqlLedger:
    """Return the authoritative record of every effect."""
    return SqlLedger(database(settings))


def permits(settings: Settings) -> SqlPermits:
    """Return the place permits are issued in."""
    return SqlPermits(database(settings))


def approvals(settings: Settings) -> SqlApprovals:
    """Return the queue of waiting approvals."""
    return SqlApprovals(database(settings), audit_signer(settings), anchor(settings))


def authorizations(settings: Settings) -> SqlAuthorizations:
    """Return what writes claims, verdicts and permits in one commit."""
    return SqlAuthorizations(database(settings))


def approval_queue(settings: Settings) -> SqlApprovalQueue:
    """Return the queue of approvals as lists read it."""
    return SqlApprovalQueue(database(settings))


def approval_overrides(settings: Settings) -> SqlOverrides:
    """Return the counts of what people changed, refused and took back."""
    return SqlOverrides(database(settings))


def books(settings: Settings) -> SqlBooks:
    """Return our books against the outside world's: listings, divergences."""
    return SqlBooks(database(settings), audit_signer(settings))


def accounting(settings: Settings) -> SqlAccounting:
    """Return the imported accounting exports."""
    return SqlAccounting(database(settings))


def doubts(settings: Settings) -> SqlDoubts:
    """Return the decisions that people should look at again."""
    return SqlDoubts(database(settings))

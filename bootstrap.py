"""How settings become adapters: the one place that knows every implementation."""

from functools import lru_cache

from sqlalchemy import Engine

from memory.anchor import Anchor, AnchorFile
from memory.cases import SqlCases
from memory.chain import Signer
from memory.claims import SqlClaims
from memory.database import migrate, open_engine
from memory.decisions import SqlDecisions
from memory.episodes import SqlEpisodes
from memory.record import SqlRecord
from memory.signing_key import SigningKeyFile
from memory.verdicts import SqlVerdicts
from models.embedder import SentenceEmbedder
from settings import Settings


@lru_cache(maxsize=4)
def database(settings: Settings) -> Engine:
    """Open the authoritative database and bring its schema up to date."""
    engine = open_engine(settings.sql_url)
    migrate(engine)
    return engine


@lru_cache(maxsize=2)
def embedder(settings: Settings) -> SentenceEmbedder:
    """Return the process's one embedder; it loads its model at the first text."""
    return SentenceEmbedder(settings.embedder)


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


@lru_cache(maxsize=2)
def anchor(settings: Settings) -> Anchor:
    """Return what keeps the episode log's head outside the database; one a process."""
    return Anchor(AnchorFile(settings.audit_anchor_file))


@lru_cache(maxsize=2)
def audit_signer(settings: Settings) -> Signer:
    """Return what signs the episode log's head."""
    return Signer(SigningKeyFile(settings.secrets_file))


def episodes(settings: Settings) -> SqlEpisodes:
    """Return the append-only log."""
    return SqlEpisodes(database(settings), audit_signer(settings), anchor(settings))


def bookkeeper(settings: Settings) -> SqlRecord:
    """Return the desk's hot path into the books: a case's row and episodes in one commit."""
    return SqlRecord(database(settings), audit_signer(settings), anchor(settings))

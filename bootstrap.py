"""How settings become adapters: the one place that knows every implementation."""

from functools import lru_cache

from sqlalchemy import Engine

from memory.database import migrate, open_engine
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

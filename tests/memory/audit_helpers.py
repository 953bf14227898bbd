"""What the tests of the log share: a key, a log, and the attacker's way around the triggers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from contracts.case import CaseRecord, Episode
from memory.authoritative.case_writer import SqlCaseWriter
from memory.episodic.anchor import Anchor, AnchorFile
from memory.episodic.chain import ChainHead, Signer
from memory.episodic.journal import Journal
from memory.episodic.log import SqlEpisodes
from memory.episodic.verify import Report, verify_log

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


class OneKey:
    """Secrets with one key in it."""

    def __init__(self, key: str = "07" * 32) -> None:
        self._key = key

    def read(self, name: str) -> str:
        assert name == "audit_key"
        return self._key


class Nowhere:
    """A place for heads that keeps none."""

    def append(self, head: ChainHead) -> None:
        """Let it go."""

    def last(self) -> None:
        return None

    def heads(self) -> Iterator[ChainHead | str]:
        return iter(())


def journal(engine: Engine) -> Journal:
    """What writes the books of a test that looks at no head outside."""
    return Journal(engine, Signer(OneKey()), Anchor(Nowhere()))


def keep_case(engine: Engine, record: CaseRecord) -> None:
    """Write a case's row as its workflow does, without a word of its own."""
    SqlCaseWriter(journal(engine)).record(record, ())


class Log:
    """A log with its key and its anchor file."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.sink = AnchorFile(folder / "audit.anchor")
        self.signer = Signer(OneKey())
        self.anchor = Anchor(self.sink, appends=4)
        self.journal = Journal(engine, self.signer, self.anchor)
        self.episodes = SqlEpisodes(self.journal, self.anchor)

    def verify(self) -> Report:
        return verify_log(self.engine, {"first": self.sink}, self.signer.public_key())

    def attack(self, *statements: str) -> None:
        """Run statements as somebody with the database's file or its owner's password can."""
        if self.engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(str(self.engine.url.database))) as file, file:
                for (name,) in file.execute(
                    "select name from sqlite_master where type = 'trigger'"
                ).fetchall():
                    file.execute(f"drop trigger {name}")
                for statement in statements:
                    file.execute(statement)
            return
        with self.engine.begin() as connection:
            connection.exec_driver_sql("set local session_replication_role = replica")
            for statement in statements:
                connection.exec_driver_sql(statement)


def happened(count: int, case: str = "returns/webshop/RMA-1") -> list[Episode]:
    return [
        Episode(
            id=f"{case}#{number}",
            case_id=case,
            kind="decided",
            at=NOON + timedelta(seconds=number),
            data={"number": number, "word": "größer"},
        )
        for number in range(1, count + 1)
    ]

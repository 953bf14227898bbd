"""What the tests of the log share: a key, a log, and the attacker's way around the triggers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from contracts.episode import Episode
from memory.anchor import Anchor, AnchorFile
from memory.audit import Report
from memory.audit_log import verify_log
from memory.chain import Signer
from memory.episodes import SqlEpisodes

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


class OneKey:
    """Secrets with one key in it."""

    def __init__(self, key: str = "07" * 32) -> None:
        self._key = key

    def read(self, name: str) -> str:
        assert name == "audit_key"
        return self._key


class Log:
    """A log with its key and its anchor file."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.sink = AnchorFile(folder / "audit.anchor")
        self.signer = Signer(OneKey())
        self.episodes = SqlEpisodes(engine, self.signer, Anchor(self.sink, appends=4))

    def verify(self) -> Report:
        return verify_log(self.engine, self.sink, self.signer.public_key())

    def attack(self, *statements: str) -> None:
        """Run statements as somebody with the database's file or its owner's password can."""
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                query = "select name from sqlite_master where type = 'trigger'"
                for name in connection.exec_driver_sql(query).scalars().all():
                    connection.exec_driver_sql(f"drop trigger {name}")
            else:
                connection.exec_driver_sql("alter table episodes disable trigger all")
                connection.exec_driver_sql("alter table episode_head disable trigger all")
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

"""The identity of an installation, kept in its books."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Engine

from contracts.installation import Identity
from memory.database import insert_into, reading, writing
from memory.tables.installation import InstallationRow

ONE = 1


def identity_of(engine: Engine, now: datetime) -> Identity:
    """Return which installation these books are; they are given an identity when they are first asked.

    Args:
        engine: the database. Whoever shares it is the same installation.
        now: the moment, for books that have none yet.
    """
    with reading(engine) as session:
        row = session.get(InstallationRow, ONE)
    if row is None:
        with writing(engine) as session:
            made = InstallationRow(one=ONE, identity=uuid4().hex, made_at=now)
            insert = insert_into(session, InstallationRow).values(**made.model_dump())
            session.execute(insert.on_conflict_do_nothing(index_elements=["one"]))
            row = session.get(InstallationRow, ONE)
        assert row is not None
    return Identity(id=row.identity, made_at=row.made_at)

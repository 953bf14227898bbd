"""The schema: what the migrations make is what the tables say, and a newer one is left alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, inspect
from sqlmodel import SQLModel

import memory.tables.every
from memory.database import SchemaTooNew, migrate, open_engine
from tests.conftest import ROOT

assert memory.tables.every, "importing it registers every table"


def test_the_migrations_make_exactly_what_the_tables_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = sorted(inspect(engine).get_table_names())
    migrate(engine)
    assert sorted(inspect(engine).get_table_names()) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_that_start_together_migrate_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    program = f"from memory.database import *; migrate(open_engine({url!r}))"
    starters = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(3)]
    assert [starter.wait(60) for starter in starters] == [0, 0, 0]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_migration_that_is_cut_short_leaves_nothing_that_another_process_could_begin_from(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    engine = open_engine(url)

    def cut(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "CREATE TABLE approvals" in statement:
            raise InterruptedError("the power went")

    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(InterruptedError):
        migrate(engine)
    event.remove(engine, "before_cursor_execute", cut)
    assert inspect(engine).get_table_names() == []
    migrate(engine)
    assert "approvals" in inspect(engine).get_table_names()
    engine.dispose()


def test_a_database_of_a_newer_kontor_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="9999"):
        migrate(engine)
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("select version_num from alembic_version").scalar_one()
    assert kept == "9999"

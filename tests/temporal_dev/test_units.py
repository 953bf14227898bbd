"""The systemd units start what exists, with options it has, under settings that there are."""

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.main import get_command

from cli.app import app
from cli.stack.dev_server import DevServer
from settings import Settings
from tests.conftest import ROOT
from worker import Role, parser

UNITS = ROOT / "temporal-dev" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
INSTALLED = "/opt/kontor"
STATE = "/var/lib"
MOST_EXPOSED = 20
"""2.0 of 10 by systemd's own count; a unit without hardening has 9.6."""
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")


def read(unit: Path) -> dict[str, list[str]]:
    """What a unit sets, each name with all its values."""
    text = unit.read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found.setdefault(name, []).append(value)
    return found


def started(unit: Path, role: str = "control") -> list[str]:
    [line] = read(unit)["ExecStart"]
    return shlex.split(line.replace("%i", role).replace("%S", STATE))


def known_settings() -> set[str]:
    return {f"KONTOR_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("role", Role)
def test_a_worker_of_each_role_is_started_with_options_it_has(role: Role) -> None:
    python, *words = started(UNITS / "kontor-worker@.service", role)

    assert python == f"{INSTALLED}/.venv/bin/python"
    assert words[:2] == ["-m", "worker"]
    assert parser().parse_args(words[2:]).roles == [role]


@pytest.mark.parametrize("unit", ["kontor.service", "kontor-doctor.service", "kontor-console.service"])
def test_a_command_is_started_with_options_it_has(unit: str) -> None:
    program, name, *options = started(UNITS / unit)
    root: Any = get_command(app)

    assert program == f"{INSTALLED}/.venv/bin/kontor"
    command = root.get_command(typer.Context(root), name)
    cast(Any, command).make_context(name, options)  # raises for an option that there is not


def test_the_server_is_started_as_kontor_up_starts_it() -> None:
    database = Path(STATE) / "kontor-temporal" / "temporal.db"
    program, *words = started(UNITS / "kontor-temporal.service")

    assert program == f"{INSTALLED}/.venv/bin/temporal"
    assert words == DevServer(database, 7233, 8233).command()[1:]
    assert Settings.model_fields["temporal_address"].default == "127.0.0.1:7233"
    assert Settings.model_fields["temporal_ui_port"].default == 8233


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_sets_only_what_there_is_and_keeps_state_where_it_may_write(unit: Path) -> None:
    told = read(unit)
    named = [word.partition("=")[0] for line in told.get("Environment", []) for word in line.split()]

    assert {name for name in named if name.startswith("KONTOR_")} <= known_settings()
    for place in told.get("WorkingDirectory", []):
        assert place == INSTALLED
    assert told["ProtectSystem"] == ["strict"]
    if "KONTOR_STATE" in named:
        assert "KONTOR_STATE=%S/kontor" in " ".join(told["Environment"])
        assert told["StateDirectory"] == ["kontor"]


@pytest.mark.parametrize(
    "unit", [unit for unit in SERVICES if "doctor" not in unit.name], ids=lambda unit: unit.name
)
def test_what_serves_is_always_started_again_and_never_given_up(unit: Path) -> None:
    told = read(unit)
    assert told["Restart"] == ["always"]
    assert told["StartLimitIntervalSec"] == ["0"]


def test_every_setting_in_the_sample_of_the_environment_exists() -> None:
    lines = (UNITS / "kontor.env").read_text().splitlines()
    names = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line}
    assert len(names) > 3
    assert names <= known_settings()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as if this tree were installed, with an instance of the worker's."""
    for unit in (*SERVICES, *UNITS.glob("*.timer")):
        text = unit.read_text().replace(INSTALLED, str(ROOT))
        (tmp_path / unit.name.replace("@", "@control")).write_text(text)
    return tmp_path


@analyze
def test_systemd_finds_nothing_wrong_with_the_units(installed: Path) -> None:
    for unit in sorted(installed.iterdir()):
        line = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
        found = subprocess.run(line, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stderr) == (0, ""), unit.name


@analyze
def test_systemd_counts_little_that_the_services_could_do_beyond_their_work(installed: Path) -> None:
    for unit in sorted(installed.glob("*.service")):
        line = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(unit)]
        found = subprocess.run(line, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout[-300:]

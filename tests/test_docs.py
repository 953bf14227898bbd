"""What is documented exists, and what exists is documented."""

import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from cli.app import app
from cli.dev_server import CONFIG
from settings import Settings
from tests.conftest import ROOT
from workflows import search_attributes

NAME = re.compile(r"KONTOR_[A-Z_]*[A-Z]")
README = (ROOT / "README.md").read_text()
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands() -> set[str]:
    """Every command, `audit verify` for a command of a group."""
    root = get_command(app)
    context = typer.Context(root)
    found: set[str] = set()
    for name in root.list_commands(context):  # type: ignore[attr-defined]  # the root is a group
        command = root.get_command(context, name)  # type: ignore[attr-defined]  # the root is a group
        inner = getattr(command, "commands", {})
        found |= {f"{name} {each}" for each in inner} | {name}
    return found


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_every_command_that_a_page_names_exists(file: Path) -> None:
    known = commands()
    groups = {name.split()[0] for name in known if " " in name}
    for words in re.findall(r"`?kontor ([a-z]+(?: [a-z]+)?)", file.read_text()):
        first = words.split()[0]
        assert first in known, f"{file.name} names `kontor {words}`"
        if first in groups and " " in words:
            assert words in known, f"{file.name} names `kontor {words}`"


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_every_setting_that_a_page_names_exists(file: Path) -> None:
    known = {f"KONTOR_{name.upper()}" for name in Settings.model_fields}
    for folder in ("benchmarks", "sandbox", "tests"):
        for code in (ROOT / folder).rglob("*.py"):
            known |= set(NAME.findall(code.read_text()))
    for name in set(NAME.findall(file.read_text())):
        assert name in known or name.startswith("KONTOR_SECRET_"), f"{file.name} names {name}"


def test_every_path_in_the_readme_exists() -> None:
    for path in re.findall(r"`((?:[a-z_-]+/)+[a-z_]*\.?[a-z]*)`", README):
        if not path.startswith((".kontor", "returns/")):
            assert (ROOT / path).exists() or (ROOT / "office" / path).exists(), path


def test_the_dev_server_registers_exactly_the_search_attributes_that_workflows_set() -> None:
    told = tomllib.loads(CONFIG.read_text())["search_attributes"]
    words = {2: "Keyword", 3: "Int", 6: "Datetime"}

    assert {key.name: words[int(key.indexed_value_type)] for key in search_attributes.ALL} == told

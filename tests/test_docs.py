"""What is documented exists, and what exists is documented."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from cli.app import app
from cli.stack.dev_server import CONFIG
from settings import Settings
from tests.conftest import ROOT
from workflows.kernel import search_attributes

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
    for words in re.findall(r"`?kontor ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)", file.read_text()):
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


GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
CONTRACTS = sorted((ROOT / "contracts").rglob("*.py"))
PLAIN = frozenset({"base", "messages", "rules", "queue"})
"""Names of files that say what part of their folder's word they hold."""


def terms() -> set[str]:
    """Every word of the glossary in its plainest form: small letters, singular, no hyphens."""
    told = re.findall(r"\*\*([a-z -]+)\*\*", GLOSSARY) + re.findall(r"`([a-z ]+)`", GLOSSARY)
    return {_plain(word) for term in told for word in (term, *term.split())}


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace(" ", "_").removesuffix("s")


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.stem)
def test_every_contract_is_named_after_a_word_of_the_glossary(file: Path) -> None:
    known = terms()
    if file.stem not in {"__init__", *PLAIN}:
        assert _plain(file.stem) in known, f"docs/glossary.md does not say what {file.stem!r} is"
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            words = [_plain(word) for word in re.findall(r"[A-Z][a-z]+", node.name)]
            assert known & set(words), f"docs/glossary.md has no word of {node.name}"


def test_the_contracts_own_list_names_each_of_them_above_what_imports_it() -> None:
    folder = ROOT / "contracts"
    there = {
        path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    listed = re.findall(r"^- `(\w+)`:", (folder / "__init__.py").read_text(), re.MULTILINE)
    assert set(listed) == there - {"__init__"}
    for file in CONTRACTS:
        name = file.relative_to(folder).parts[0].removesuffix(".py")
        for imported in re.findall(r"^from contracts\.(\w+)", file.read_text(), re.MULTILINE):
            assert listed.index(imported) <= listed.index(name), f"{file.name} imports {imported}"


def test_every_command_and_every_setting_is_documented() -> None:
    told = "\n".join(page.read_text() for page in DOCS)
    missing = [name for name in sorted(commands()) if f"kontor {name}" not in told]
    missing += [
        f"KONTOR_{name.upper()}" for name in Settings.model_fields if f"KONTOR_{name.upper()}" not in told
    ]
    assert missing == []

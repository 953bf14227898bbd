"""The house knows no tenant: what all desks share names none of them, not even as an example."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from contracts.desk import Request
from tests.conftest import ROOT
from workflows.registry import DESKS

SHARED = (
    "contracts", "activities", "policy", "models", "memory", "connectors", "service", "bootstrap",
    "workflows/kernel",
)  # fmt: skip
FILES = sorted(path for folder in SHARED for path in (ROOT / folder).rglob("*.py"))
ALSO = ("get_order", "order.load", "earlier_returns", "sales_channel", "sales_channels")
"""Words of a desk that its declaration does not carry."""
COLUMN = '"content"'
"""A desk's name that is a column of mails, releases and exports, too."""


def types_of_desks() -> set[str]:
    """The classes that stand in the desks' packages."""
    found = {desk.workflow().__name__ for desk in DESKS.values()}
    for desk in DESKS.values():
        tree = ast.parse((ROOT / "workflows" / desk.name / "types.py").read_text())
        found |= {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    return found


def tasks_of_desks() -> set[str]:
    tasks = tomllib.loads((ROOT / "office" / "models.toml").read_text())["tasks"]
    return {task for task in tasks if task.partition(".")[0] in DESKS}


def fields_of_requests() -> set[str]:
    return {name for desk in DESKS.values() for name in desk.request.model_fields} - set(Request.model_fields)


def any_of(words: set[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words))


def named() -> re.Pattern[str]:
    """What gives a desk away: its name used as one, its types, its tasks, a field of its request."""
    desks, fields = any_of(set(DESKS)), any_of(fields_of_requests())
    return re.compile(
        rf"\b(?:{any_of(types_of_desks() | tasks_of_desks() | set(ALSO))})\b"
        rf"|[\"'`](?:{desks})[\"'`]|\b(?:{desks})(?:/|::)|\bworkflows[./](?:{desks})\b"
        rf"|\b(?:{desks}) desk\b|\bdesk (?:{desks})\b"
        rf"|\brequest(?:\[|\.get\()[\"'](?:{fields})[\"']|\brequest\.(?:{fields})\b(?!\()"
    )


NAMED = named()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_desk_is_known_by_name_type_task_or_field_in_what_all_desks_share(file: Path) -> None:
    text = file.read_text()
    if file.is_relative_to(ROOT / "memory"):
        text = text.replace(COLUMN, "")
    lines = enumerate(text.splitlines(), start=1)
    told = [f"{number}: {line.strip()}" for number, line in lines if NAMED.search(line)]
    assert told == []


@pytest.mark.parametrize(
    "line",
    [
        "from workflows.returns.types import ReturnRequest",
        'if plan.desk == "returns":',
        "A case's id, for instance `returns/webshop/RMA-1007`.",
        'text = case.request["message"]',
        'case.request.get("message", "")',
        "summary = request.order",
        'task = "returns.intent"',
        'outside.read(channel, "get_order", {})',
        "Runs the returns desk.",
    ],
)
def test_a_line_that_knows_the_returns_desk_would_be_found(line: str) -> None:
    assert NAMED.search(line)


@pytest.mark.parametrize(
    "line",
    ["It returns the desk.", "for name, value in request.items():", "request.id", "the order in which"],
)
def test_plain_english_and_what_all_requests_have_is_nobodys(line: str) -> None:
    assert not NAMED.search(line)


def test_the_import_rules_hold_for_every_desk() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    rules = {rule["type"]: rule for rule in linter["contracts"] if "workflows" in str(rule)}
    packages = {desk.workflow().__module__.rpartition(".")[0] for desk in DESKS.values()}
    assert set(rules["independence"]["modules"]) == packages
    assert set(rules["protected"]["protected_modules"]) == packages
    [layers] = [
        rule["layers"] for rule in linter["contracts"] if "workflows.registry" in rule.get("layers", ())
    ]
    assert packages <= {name for layer in layers for name in layer.split(" | ")}

"""The desk says nothing in words of its own: each message names a text of the office, and its values."""

import ast
from pathlib import Path
from typing import get_args

from contracts.approvals.request import ApprovalOutcome
from tests.conftest import ROOT
from workflows.returns.facts import ReturnFacts
from workflows.returns.texts import TEXTS

DESK = ROOT / "workflows" / "returns"
TURNED_DOWN = (ApprovalOutcome.EXPIRED, ApprovalOutcome.REJECTED)
"""Ends of a question whose text has their own name."""
SAYS: dict[str, tuple[int, set[str]]] = {
    "notice": (2, set()),
    "message_plan": (2, set()),
    "goods_message": (1, {"rma"}),
}
"""What makes a message: the place of the text's name among its arguments, and what it always says."""


def messages(file: Path) -> list[tuple[str, set[str]]]:
    """Return the texts that a file names outright, each with the values it gives."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call) or (called := called_name(node)) not in SAYS:
            continue
        place, always = SAYS[called]
        name = node.args[place]
        if isinstance(name, ast.Constant):
            given = {word.arg for word in node.keywords if word.arg and word.arg != "step"}
            found.append((str(name.value), given | always))
    return found


def called_name(call: ast.Call) -> str:
    """Return the name of what is called, without what it belongs to; empty if it has none."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def test_every_message_of_the_desk_names_a_text_and_gives_it_just_what_it_may_say() -> None:
    named = [message for file in sorted(DESK.rglob("*.py")) for message in messages(file)]
    asked = {f"ask_{kind}" for kind in get_args(ReturnFacts.model_fields["question"].annotation)} - {
        "ask_none"
    }
    assert set(TEXTS) - {name for name, _ in named} == {each.value for each in TURNED_DOWN} | asked
    for name, given in named:
        assert {"order", *given} == set(TEXTS[name]), name

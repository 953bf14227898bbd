"""`kontor chat`: what people at a terminal see of conversations."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli.app import app
from contracts.conversation import Message, Reply, TurnPath
from settings import settings
from tests.conftest import ROOT

ANN = "assistant/terminal/ann"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two turns of a conversation, in which somebody waits for a person."""
    monkeypatch.setenv("KONTOR_OFFICE", str(ROOT / "office"))
    monkeypatch.setenv("KONTOR_STATE", str(tmp_path / "state"))
    settings.cache_clear()
    with Installation(settings()) as kontor:
        for place, (text, reply) in enumerate(
            [
                ("Wool?", Reply(path=TurnPath.SPAN, text="By hand.", source="documents#articles.md")),
                ("And cats?", Reply(path=TurnPath.UNKNOWN, text="I ask a colleague.")),
            ]
        ):
            message = Message(conversation=ANN, id=f"m-{place}", text=text)
            kontor.conversations.keep(message, reply, datetime.now(UTC), took_ms=10.0 * (place + 1))


@pytest.mark.usefixtures("told")
def test_a_conversation_is_shown_turn_by_turn_with_its_sources() -> None:
    shown = CliRunner().invoke(app, ["chat", "show", "ann"])
    assert shown.exit_code == 0, shown.output
    assert "waits for a person" in shown.output
    assert "By hand. (documents#articles.md)" in shown.output


@pytest.mark.usefixtures("told")
def test_who_waits_is_listed_for_scripts_with_the_last_question() -> None:
    listed = CliRunner().invoke(app, ["chat", "waiting", "--json"])
    [found] = json.loads(listed.output)
    assert (found["id"], found["question"]) == (ANN, "And cats?")
    assert ANN in CliRunner().invoke(app, ["chat", "waiting"]).output


@pytest.mark.usefixtures("told")
def test_how_long_turns_took_is_told_by_path() -> None:
    told = json.loads(CliRunner().invoke(app, ["chat", "stats", "--json"]).output)
    assert [(each["path"], each["turns"], each["p50_ms"]) for each in told] == [
        ("span", 1, 10.0),
        ("unknown", 1, 20.0),
    ]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["chat", "show", "nobody"], 1, "never began"),
        (["chat", "say", ""], 2, "text"),
        (["chat", "say", "Hello", "-c", "ann@mail.example"], 2, "mail address"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(words: list[str], code: int, said: str) -> None:
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == code
    assert said in refused.output

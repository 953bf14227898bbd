"""`kontor mail read`: what is read in a mail, for people and for scripts."""

import json
from pathlib import Path

from typer.testing import CliRunner

from cli.app import app
from cli.terminal import EXIT_FOUND, EXIT_USAGE

LETTER = b"""From: Anna <anna@example.org>
To: service@example.com
Subject: The kettle \x1b[2J
Message-ID: <one@example.org>

It leaks.
"""


def run(*words: str, given: bytes = b"") -> tuple[int, str, str]:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["mail", *words], input=given)
    return done.exit_code, done.stdout, done.stderr


def test_a_mail_is_shown_and_its_words_steer_no_terminal(tmp_path: Path) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(LETTER)
    code, out, _ = run("read", str(file))
    assert code == 0
    assert "Anna <anna@example.org>" in out
    assert "a person" in out
    assert "It leaks." in out
    assert "\x1b[2J" not in out


def test_each_mail_of_an_mbox_is_read_and_our_own_is_a_machine_s(tmp_path: Path) -> None:
    file = tmp_path / "box"
    file.write_bytes(
        b"From x Mon Nov 30 10:00:00 2026\n" + LETTER + b"\nFrom y Mon Nov 30 10:00:00 2026\n" + LETTER
    )
    code, out, _ = run("read", str(file), "--own", "Anna@example.org", "--json")
    read = json.loads(out)
    assert code == 0
    assert [each["written_by"]["machine"] for each in read] == ["own", "own"]
    assert read[0]["message_id"] == "one@example.org"


def test_what_is_no_mail_is_said_with_its_reason_and_leaves_with_1() -> None:
    code, out, _ = run("read", "-", given=b"\n")
    assert code == EXIT_FOUND
    assert "it has no headers: it is no mail" in out


def test_a_file_that_is_not_there_is_a_wrong_call() -> None:
    code, _, said = run("read", "nowhere.eml")
    assert code == EXIT_USAGE
    assert "nowhere.eml cannot be read" in said


def test_an_mbox_is_sorted_into_conversations_each_with_its_reason(tmp_path: Path) -> None:
    answer = LETTER.replace(b"one@", b"two@").replace(
        b"Subject: The", b"In-Reply-To: <one@example.org>\nSubject: Re: The"
    )
    machine = LETTER.replace(b"Subject:", b"Auto-Submitted: auto-replied\nSubject:")
    file = tmp_path / "box"
    box = b"".join(
        b"From x Mon Nov 30 10:00:00 2026\n" + raw + b"\n" for raw in (LETTER, LETTER, answer, machine)
    )
    file.write_bytes(box)

    code, out, _ = run("sort", str(file), "--own", "service@example.com", "--json")

    sorted_ = json.loads(out)
    assert code == 0
    what = ["begins", "a copy", "joins (headers)", "a machine's (automatic)"]
    assert [each["what"] for each in sorted_] == what
    assert sorted_[0]["conversation"] == sorted_[1]["conversation"] == sorted_[2]["conversation"]
    assert all(each["why"] for each in sorted_)


def test_a_key_that_is_no_expression_is_a_wrong_call(tmp_path: Path) -> None:
    code, _, said = run("sort", str(tmp_path), "--key", "(")
    assert code == EXIT_USAGE
    assert "--key" in said

"""What is wrong with an office's mailboxes is said with its line; one that is away is tried again."""

import logging
import shutil
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from cli.app import app
from cli.terminal import EXIT_UNREACHABLE, EXIT_USAGE
from service.mail_watch import MailboxWatch
from service.mailboxes import check_mailboxes
from settings import Settings, settings
from tests.conftest import ROOT

GOOD = (ROOT / "office" / "mailboxes.toml").read_text()
IMAP = """
[support.imap]
host = "127.0.0.1"
port = {port}
security = "none"
user = "anna"
secret = "mail.imap"
"""


def office_with(folder: Path, mailboxes: str) -> Path:
    shutil.copytree(ROOT / "office", folder / "office")
    (folder / "office" / "mailboxes.toml").write_text(mailboxes)
    return folder / "office"


def test_the_example_s_mailbox_is_sound(office: Path) -> None:
    assert list(check_mailboxes(office)) == []


def test_an_office_without_mailboxes_has_nothing_wrong_with_them(tmp_path: Path) -> None:
    office = office_with(tmp_path, "")
    (office / "mailboxes.toml").unlink()
    assert list(check_mailboxes(office)) == []


@pytest.mark.parametrize(
    ("was", "written", "words"),
    [
        ('channel = "webshop"', 'channel = "nowhere"', "there is no connector 'nowhere'"),
        ('channel = "webshop"', 'channel = "mail"', "takes no requests from mail"),
        ('desk = "returns"', 'desk = "nothing"', "there is no desk 'nothing'"),
        ('message = "text"', 'words = "text"', "a request has no field 'words'"),
        ('message = "text"', "", "without message"),
        ('message = "text"', 'message = "["', "message"),
        ("[support", "[Support", "is no mailbox"),
        ("key = ", "key = '(' # ", "no regular expression"),
        ("address = ", 'address = "nobody" # ', "address"),
        ("note = ", "colour = ", "colour"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, was: str, written: str, words: str) -> None:
    assert was in GOOD
    found = list(check_mailboxes(office_with(tmp_path, GOOD.replace(was, written))))
    assert any(words in each.what for each in found), found
    assert all(each.file == "mailboxes.toml" and each.line for each in found)


@pytest.mark.parametrize(
    ("was", "written", "words"),
    [
        ('secret = "mail.imap"', 'secret = "what a password!"', "not the name of a secret"),
        ('host = "127.0.0.1"', 'host = "imap.example.com"', "in the clear"),
    ],
)
def test_a_password_stands_in_no_file_and_travels_in_the_clear_nowhere(
    tmp_path: Path, was: str, written: str, words: str
) -> None:
    found = check_mailboxes(office_with(tmp_path, GOOD + IMAP.format(port=143).replace(was, written)))
    assert any(words in each.what for each in found)


def test_a_mailbox_that_is_away_is_tried_again_until_it_is_told_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    office = office_with(tmp_path, GOOD + IMAP.format(port=free_port()))
    state = tmp_path / "state"
    state.mkdir()
    (state / "secrets.toml").write_text('[mail]\nimap = "x"\n')
    (state / "secrets.toml").chmod(0o600)
    caplog.set_level(logging.WARNING)
    with Installation(Settings(office=office, state=state)) as kontor:
        watch = MailboxWatch(kontor, kontor.mailboxes["support"], lambda _source: None)
        thread = threading.Thread(target=watch.follow)
        thread.start()
        while sum("cannot be followed now" in line for line in caplog.messages) < 2:
            assert thread.is_alive()
            thread.join(0.05)
        watch.stop.set()
        thread.join()


def test_reconcile_says_which_mailbox_cannot_be_opened_and_that_none_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = office_with(tmp_path, GOOD + IMAP.format(port=free_port()))
    monkeypatch.setenv("KONTOR_OFFICE", str(office))
    monkeypatch.setenv("KONTOR_STATE", str(tmp_path / "state"))
    settings.cache_clear()
    away = CliRunner().invoke(app, ["mail", "reconcile", "support"])
    (office / "mailboxes.toml").write_text(GOOD)
    none = CliRunner().invoke(app, ["mail", "reconcile"])
    settings.cache_clear()

    assert (away.exit_code, "support cannot be opened" in away.stderr) == (EXIT_UNREACHABLE, True)
    assert (none.exit_code, "no mailbox has" in none.stderr) == (EXIT_USAGE, True)

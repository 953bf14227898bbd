"""A mailbox of a real IMAP server is followed: nothing is lost, nothing comes twice, whatever is killed."""

import json
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.environment import free_port
from benchmarks.inbox import ORDER, by_rules
from benchmarks.mail_storm import ALSO_OURS, OWN, storm
from bootstrap.installation import Installation
from cli.app import app
from cli.terminal import EXIT_FOUND, EXIT_UNREACHABLE
from mail.arrival import Fate
from mail.message import Mail
from mail.reading import read_mail
from memory.authoritative.mails.lists import MailFilter
from service.mail_account import account_for
from service.mail_watch import MailboxWatch
from settings import Settings, settings
from tests.conftest import ROOT
from tests.real.dovecot_server import PASSWORD, DovecotServer
from tests.real.installing import Missing

MAILS = int(os.environ.get("KONTOR_REAL_MAILS", "300"))
KILLS = int(os.environ.get("KONTOR_REAL_KILLS", "10"))
SECONDS = 300
MAILBOX = f"""
[support]
address = "{OWN}"
also = ["{ALSO_OURS}"]
channel = "webshop"
desk = "returns"
key = '{ORDER.pattern}'
[support.request]
id = "id"
order = "key"
customer = "sender"
message = "text"
[support.imap]
host = "127.0.0.1"
port = PORT
security = "none"
user = "anna"
secret = "mail.imap"
"""


@pytest.fixture
def dovecot() -> Iterator[DovecotServer]:
    # Not in pytest's own folder: only its owner may go through that.
    with tempfile.TemporaryDirectory(prefix="kontor-dovecot-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            server = DovecotServer(Path(folder), free_port())
            server.start()
        except Missing as missing:
            pytest.fail(str(missing), pytrace=False)
        yield server
        server.stop()


@pytest.fixture
def own(tmp_path: Path, dovecot: DovecotServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shutil.copytree(ROOT / "office", tmp_path / "office")
    (tmp_path / "office" / "mailboxes.toml").write_text(MAILBOX.replace("PORT", str(dovecot.port)))
    state = tmp_path / "state"
    state.mkdir()
    secrets = state / "secrets.toml"
    secrets.write_text(f'[mail]\nimap = "{PASSWORD}"\n')
    secrets.chmod(0o600)
    monkeypatch.setenv("KONTOR_OFFICE", str(tmp_path / "office"))
    monkeypatch.setenv("KONTOR_STATE", str(state))
    settings.cache_clear()
    return Settings(office=tmp_path / "office", state=state)


@contextmanager
def followed(kontor: Installation) -> Iterator[MailboxWatch]:
    """The mailbox is followed while this lasts."""
    watch = MailboxWatch(kontor, kontor.mailboxes["support"], lambda _source: None)
    thread = threading.Thread(target=watch.follow, daemon=True)
    thread.start()
    yield watch
    watch.stop.set()
    thread.join(5)  # it may wait in IDLE: it ends with the process


def until_kept(kontor: Installation, count: int) -> None:
    deadline = time.monotonic() + SECONDS
    while sum(sum(each.values()) for each in kontor.mail_lists.counts().values()) < count:
        assert time.monotonic() < deadline, kontor.mail_lists.counts()
        time.sleep(0.05)


def test_a_storm_is_taken_in_once_while_the_server_is_killed(own: Settings, dovecot: DovecotServer) -> None:
    mails, draw = storm(count=MAILS), random.Random(5)
    kills = set(draw.sample(range(MAILS), min(KILLS, MAILS)))
    with Installation(own) as kontor, followed(kontor):
        for number, each in enumerate(mails):
            dovecot.deliver(number, each.raw)
            if number in kills:
                until_kept(kontor, number // 2)
                dovecot.kill()
                dovecot.start()
        until_kept(kontor, len({each.raw for each in mails}))
        found = account_for(kontor, kontor.mailboxes["support"], take=False)
        kept = kontor.mail_lists.newest(MailFilter(limit=MAILS))
        handed = Counter(event.id for event in kontor.events.waiting("mail:support", 10 * MAILS, _now()))

    read = [mail for each in mails if isinstance(mail := read_mail(each.raw), Mail)]
    wanted = by_rules(read)
    assert (found.missing, found.lie, sum(found.fates.values())) == ((), MAILS, MAILS)
    assert {each.digest: each.conversation for each in kept if each.conversation} == {
        read[at].digest: conversation for at, conversation in wanted.placed.items()
    }
    assert sum(each.fate is Fate.MACHINE for each in kept) == sum(each.is_machine for each in mails)
    assert set(handed.values()) == {1}
    assert handed.keys() == {each.digest for each in kept if each.conversation}


def test_a_mail_is_heard_of_when_it_comes_and_a_mailbox_numbered_anew_brings_nothing_twice(
    own: Settings, dovecot: DovecotServer
) -> None:
    letters = [each for each in storm(count=20) if each.kind == "first"]
    with Installation(own) as kontor, followed(kontor):
        for number, each in enumerate(letters, start=1):
            dovecot.deliver(number, each.raw)
            until_kept(kontor, number)  # long before IDLE is asked anew
        before = account_for(kontor, kontor.mailboxes["support"], take=False)
        dovecot.kill()
        dovecot.number_anew()
        dovecot.start()
        after = account_for(kontor, kontor.mailboxes["support"], take=True)
        kept = kontor.mail_lists.newest(MailFilter(limit=99))

    assert before.validity != after.validity
    assert (after.lie, after.missing) == (len(letters), ())
    assert len(kept) == len(letters)
    assert {each.fate for each in kept} <= {Fate.BEGINS, Fate.JOINS}


def test_reconcile_names_what_is_missing_takes_it_in_and_says_when_the_server_is_away(
    own: Settings, dovecot: DovecotServer
) -> None:
    for number, each in enumerate(storm(count=5)):
        dovecot.deliver(number, each.raw)
    run = CliRunner().invoke

    looked = run(app, ["mail", "reconcile", "support", "--dry-run", "--json"])
    taken = run(app, ["mail", "reconcile", "support", "--json"])
    again = run(app, ["mail", "reconcile", "support", "--json"])
    dovecot.stop()
    away = run(app, ["mail", "reconcile", "support"])

    assert (looked.exit_code, len(json.loads(looked.output)[0]["missing"])) == (EXIT_FOUND, 5)
    assert (taken.exit_code, len(json.loads(taken.output)[0]["taken"])) == (0, 5)
    assert (again.exit_code, json.loads(again.output)[0]["taken"]) == (0, [])
    assert own.office.exists()
    assert away.exit_code == EXIT_UNREACHABLE
    assert "support" in away.stderr


def _now() -> datetime:
    return datetime.now(UTC)

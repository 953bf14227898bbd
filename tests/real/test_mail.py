"""Kontor's connectors against a real SMTP server, with the manifest that is shipped."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from activities.errors import classify
from benchmarks.environment import free_port
from connectors.connectors import Connectors
from connectors.manifest import read_manifest
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.failure import CallFailed, FailureClass
from tests.real.installing import Missing
from tests.real.mail_server import PASSWORD, MailServer

GOODBYE_SECONDS = 0.3
"""TLS says goodbye in the background; the loop must live until it has."""
LETTER: Arguments = {"to": "ann@example.com", "subject": "Your return", "text": "We have your scarf. Grüße!"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    try:
        mail_server = MailServer(tmp_path_factory.mktemp("mail"), free_port())
    except Missing as missing:
        pytest.fail(str(missing), pytrace=False)
    mail_server.start()
    yield mail_server
    mail_server.stop()


@pytest.fixture
async def mail(
    server: MailServer, office: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connectors]:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    server.mailbox.taken.clear()
    manifest = read_manifest(office / "connectors" / "mail.toml", {"MAIL_URL": server.url}).manifest
    secrets = EnvironmentSecrets({"KONTOR_SECRET_MAIL_PASSWORD": PASSWORD})
    async with Connectors({"mail": manifest}, secrets) as connectors:
        yield connectors
    await asyncio.sleep(GOODBYE_SECONDS)


async def refusal(mail: Connectors, letter: Arguments) -> tuple[CallFailed, FailureClass]:
    with pytest.raises(CallFailed) as failed:
        await mail.send("mail", "send", letter, "the-key")
    return failed.value, classify(mail.manifest("mail"), "send", failed.value)


async def test_a_letter_arrives_with_our_message_id(mail: Connectors, server: MailServer) -> None:
    sent = await mail.send("mail", "send", LETTER, "notify-0123")
    (taken,) = server.mailbox.taken
    assert taken.message_id == sent.reference == "<notify-0123@mail.kontor>"
    assert (taken.to, taken.subject, taken.text) == (
        ("ann@example.com",),
        "Your return",
        "We have your scarf. Grüße!",
    )


async def test_the_server_answers_a_ping(mail: Connectors) -> None:
    assert await mail.read("mail", "ping", {}) == {"answers": True}


async def test_a_letter_whose_answer_was_lost_was_taken_and_nobody_can_know(
    mail: Connectors, server: MailServer
) -> None:
    server.mailbox.next_answers = ["cut"]
    _, meaning = await refusal(mail, LETTER)
    assert meaning is FailureClass.AMBIGUOUS
    assert [taken.message_id for taken in server.mailbox.taken] == ["<the-key@mail.kontor>"]
    idempotency = mail.manifest("mail").operations["send"].idempotency
    assert idempotency is not None
    assert idempotency.kind == "none", "so the ledger never sends it again: a person gets a case"


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [("451 later", FailureClass.NOT_APPLIED_RETRY), ("452 no room", FailureClass.NOT_APPLIED_RETRY)],
)
async def test_a_letter_that_was_put_off_may_be_sent_again(
    mail: Connectors, server: MailServer, answer: str, meaning: FailureClass
) -> None:
    server.mailbox.next_answers = [answer]
    assert (await refusal(mail, LETTER))[1] is meaning
    assert server.mailbox.taken == []


async def test_a_letter_to_nobody_is_refused_for_good(mail: Connectors, server: MailServer) -> None:
    failed, meaning = await refusal(mail, {**LETTER, "to": "nobody@example.com"})
    assert (failed.status, meaning) == (550, FailureClass.NOT_APPLIED_FINAL)
    assert server.mailbox.taken == []


async def test_a_server_that_is_not_there_took_nothing(office: Path) -> None:
    url = {"MAIL_URL": f"smtp+starttls://127.0.0.1:{free_port()}"}
    manifest = read_manifest(office / "connectors" / "mail.toml", url).manifest
    secrets = EnvironmentSecrets({"KONTOR_SECRET_MAIL_PASSWORD": PASSWORD})
    async with Connectors({"mail": manifest}, secrets) as nowhere:
        assert (await refusal(nowhere, LETTER))[1] is FailureClass.NOT_APPLIED_RETRY


async def test_a_wrong_password_is_waited_for_and_is_not_told(mail: Connectors, server: MailServer) -> None:
    wrong = EnvironmentSecrets({"KONTOR_SECRET_MAIL_PASSWORD": "guessed-password"})
    async with Connectors({"mail": mail.manifest("mail")}, wrong) as stranger:
        failed, meaning = await refusal(stranger, LETTER)
    assert (failed.status, meaning) == (535, FailureClass.NOT_APPLIED_RETRY)
    assert "guessed-password" not in failed.why
    assert server.mailbox.taken == []

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from activities.errors import classify
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.failure import CallFailed, FailureClass
from tests.connectors.system import ENVIRONMENT, write_office

# aiosmtpd rightly warns of passwords without TLS; this server listens on the loopback only.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

MANIFEST = """
name = "mail"
version = "1"
transport = "smtp"
base_url = "smtp://127.0.0.1:${PORT}"
auth = { kind = "basic", user = "robot", secret = "shop.password" }

[operations.ping]
effect = "read"
request = {}
result.answers = { type = "boolean" }

[operations.send]
effect = "write"
arguments.to = { type = "string", sensitive = true }
arguments.subject = { type = "string" }
arguments.text = { type = "string", sensitive = true }
reference = "message_id"
idempotency = { kind = "none" }
latency = { timeout_seconds = 2.0 }
[operations.send.request]
headers = { From = "Kontor <desk@shop.example>", To = "{{ to }}", Subject = "{{ subject }}" }
text = "{{ text }}"
"""
LETTER: Arguments = {
    "to": "Zoë <zoe@customer.example>",
    "subject": "Über Ihre Retoure",
    "text": "Grüße\n.\nEnde",
}


class Mailbox:
    """A real SMTP server that keeps what it is given, or answers as it is told."""

    def __init__(self) -> None:
        self.kept: list[EmailMessage] = []
        self.at_rcpt = ""
        self.at_data = ""

    async def handle_RCPT(  # noqa: N802 # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.at_rcpt or "250 OK"

    async def handle_DATA(  # noqa: N802 # aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.at_data == "cut":
            assert server.transport is not None
            server.transport.close()
            return "250 never seen"
        if not self.at_data:
            self.kept.append(message_from_bytes(envelope.original_content or b"", policy=default))
        return self.at_data or "250 OK"


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> AuthResult:
    right = (b"robot", ENVIRONMENT["KONTOR_SECRET_SHOP_PASSWORD"].encode())
    return AuthResult(success=(data.login, data.password) == right)


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()

    def protocol() -> SMTP:
        return SMTP(box, authenticator=_authenticate, auth_required=True, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    yield box, server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
def mail(mailbox: tuple[Mailbox, int], tmp_path: Path) -> Connectors:
    manifests = load_manifests(write_office(tmp_path, MANIFEST, "mail"), {"PORT": str(mailbox[1])})
    return Connectors(manifests, EnvironmentSecrets(ENVIRONMENT))


async def test_a_mail_arrives_with_a_message_id_made_from_the_key(
    mail: Connectors, mailbox: tuple[Mailbox, int]
) -> None:
    sent = await mail.send("mail", "send", LETTER, "notify-k1")
    [message] = mailbox[0].kept
    assert sent.reference == message["Message-ID"] == "<notify-k1@mail.kontor>"
    assert message["Subject"] == "Über Ihre Retoure"
    assert message["To"] == LETTER["to"]
    assert message.get_content().splitlines() == ["Grüße", ".", "Ende"]


async def test_a_read_asks_the_server_whether_it_answers(mail: Connectors) -> None:
    assert await mail.read("mail", "ping", {}) == {"answers": True}


async def test_a_header_cannot_be_smuggled_in_through_an_argument(
    mail: Connectors, mailbox: tuple[Mailbox, int]
) -> None:
    with pytest.raises(CallFailed) as caught:
        await mail.send("mail", "send", {**LETTER, "subject": "Hi\nBcc: all@customer.example"}, "k")
    assert classify(mail.manifest("mail"), "send", caught.value) is FailureClass.NOT_APPLIED_FINAL
    assert "customer.example" not in caught.value.why
    assert mailbox[0].kept == []


@pytest.mark.parametrize(
    ("at_rcpt", "at_data", "expected"),
    [
        ("550 no such person", "", FailureClass.NOT_APPLIED_FINAL),
        ("451 try later", "", FailureClass.NOT_APPLIED_RETRY),
        ("", "554 spam", FailureClass.NOT_APPLIED_FINAL),
        ("", "452 full", FailureClass.NOT_APPLIED_RETRY),
        ("", "cut", FailureClass.AMBIGUOUS),
    ],
)
async def test_the_servers_refusals_are_certain_and_only_a_cut_after_the_text_is_not(
    mail: Connectors, mailbox: tuple[Mailbox, int], at_rcpt: str, at_data: str, expected: FailureClass
) -> None:
    mailbox[0].at_rcpt, mailbox[0].at_data = at_rcpt, at_data
    with pytest.raises(CallFailed) as caught:
        await mail.send("mail", "send", LETTER, "k")
    assert classify(mail.manifest("mail"), "send", caught.value) is expected


async def test_a_server_that_is_not_there_means_not_applied(tmp_path: Path) -> None:
    manifests = load_manifests(write_office(tmp_path, MANIFEST, "mail"), {"PORT": "1"})
    mail = Connectors(manifests, EnvironmentSecrets(ENVIRONMENT))
    with pytest.raises(CallFailed) as caught:
        await mail.send("mail", "send", LETTER, "k")
    assert classify(mail.manifest("mail"), "send", caught.value) is FailureClass.NOT_APPLIED_RETRY

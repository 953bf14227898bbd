"""A real SMTP server: aiosmtpd with STARTTLS and login, which keeps what it took."""

import ssl
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.real.installing import need, run

USER = "office"
PASSWORD = "real-mail-password"


@dataclass(frozen=True)
class Taken:
    """A message that the server took."""

    to: tuple[str, ...]
    message_id: str
    subject: str
    text: str


class Mailbox:
    """What the server does with a message: keeps it, refuses it, or keeps it and says nothing."""

    def __init__(self) -> None:
        """Start empty."""
        self.taken: list[Taken] = []
        self.next_answers: list[str] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Refuse a stranger."""
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a message, or do as told."""
        answer = self.next_answers.pop(0) if self.next_answers else "250 taken"
        if answer.startswith("4"):
            return answer
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content)
        text = parsed.get_payload(decode=True)
        assert isinstance(text, bytes)
        self.taken.append(
            Taken(tuple(envelope.rcpt_tos), parsed["Message-ID"], parsed["Subject"], text.decode().strip())
        )
        if answer == "cut":
            server.transport.abort()
        return answer


class MailServer:
    """The server; `certificate` is what a client must trust."""

    def __init__(self, folder: Path, port: int) -> None:
        """Make a certificate for the loopback address; raises Missing."""
        self.url = f"smtp+starttls://127.0.0.1:{port}"
        self.certificate = folder / "certificate.pem"
        self.mailbox = Mailbox()
        key = folder / "key.pem"
        openssl = need("openssl", "install OpenSSL")
        request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        address = ["-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        run([openssl, *request, *address, *files], "making a certificate", folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._controller = Controller(
            self.mailbox,
            hostname="127.0.0.1",
            port=port,
            authenticator=_authenticate,
            auth_required=True,
            require_starttls=True,
            tls_context=context,
        )

    def start(self) -> None:
        """Listen."""
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        self._controller.stop()


def _authenticate(
    _server: SMTP, _session: Any, _envelope: Envelope, _mechanism: str, login: object
) -> AuthResult:
    right = isinstance(login, LoginPassword) and login == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)

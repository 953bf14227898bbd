"""Mail over SMTP: one message, with a Message-ID made from the effect's key."""

from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from urllib.parse import urlsplit

import aiosmtplib

from connectors.prepared import Prepared, Response
from connectors.secrets import Secrets
from connectors.templates import Scope, TemplateFailed
from connectors.transports.auth import read_secret
from contracts.connector import Manifest
from contracts.failure import CallFailed

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class SmtpExecutor:
    """The messages of one mail connector; each travels over a connection of its own."""

    def __init__(self, manifest: Manifest, secrets: Secrets) -> None:
        """Read where the server is from `smtp://`, `smtp+starttls://` or `smtps://`."""
        url = urlsplit(manifest.base_url)
        self._scheme = url.scheme
        self._host = url.hostname or "localhost"
        self._port = url.port or _PORTS[url.scheme]
        self._name = manifest.name
        self._auth = manifest.auth
        self._secrets = secrets

    async def call(self, prepared: Prepared, scope: Scope) -> Response:
        """Send the message, or for a read ask the server whether it answers; raises CallFailed."""
        message = self._message(prepared, scope) if prepared.operation.effect == "write" else None
        secret = await read_secret(self._secrets, self._auth.secret) if self._auth.secret else ""
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp+starttls",
            timeout=prepared.operation.latency.timeout_seconds,
        )
        stage = "connecting"
        try:
            await client.connect()
            if secret:
                await client.login(self._auth.user, secret)
            if message is None:
                await client.noop()
                return Response({"answers": True})
            stage = "addressing"
            await client.mail(parseaddr(message["From"])[1])
            await client.rcpt(parseaddr(message["To"])[1])
            stage = "data"
            await client.data(message.as_bytes(policy=SMTP_POLICY))
        except Exception as error:  # the mapping in activities/errors.py is total
            status = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
            name = type(error).__name__
        else:
            return Response({"message_id": message["Message-ID"]}, reference=message["Message-ID"])
        finally:
            client.close()
        raise CallFailed(
            f"{prepared.title}: {name}" + (f" {status}" if status else "") + f" while {stage}",
            status=status,
            exception=None if status else name,
            sent=stage == "data",
        )

    async def close(self) -> None:
        """Nothing is kept open."""

    def _message(self, prepared: Prepared, scope: Scope) -> EmailMessage:
        message = EmailMessage()
        try:
            for name, text in prepared.request.headers.items():
                if said := text.render(scope):
                    message[name] = said
            message["Message-ID"] = f"<{scope['key']}@{self._name}.kontor>"
            message.set_content(prepared.request.text.render(scope))
            if parseaddr(message["From"])[1] and parseaddr(message["To"])[1]:
                return message
            why = "a message needs From and To"
        except TemplateFailed as failed:
            why = str(failed)
        except (ValueError, TypeError) as error:
            # Not its text: it may quote the header, and with it an address.
            why = f"{type(error).__name__} while writing the message's headers"
        raise CallFailed(why, code="arguments", sent=False)

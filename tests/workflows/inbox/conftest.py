"""A whole Kontor with a mail server of its own: what people write goes in, what they are told comes out."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.environment import free_port
from cli.stack.processes import Children
from settings import Settings
from tests.conftest import ROOT
from tests.workflows.inbox.conversation import Conversations
from tests.workflows.returns.shop import opened

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Kept:
    """A real SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        self.mails.append(message_from_bytes(envelope.original_content or b"", policy=default))
        return "250 OK"


@dataclass
class Post:
    """A running Kontor, and what it has sent."""

    children: Children
    kept: Kept


def impatient(office: Path) -> None:
    """Let the office work day and night, and who claimed mail of a calm topic lose it after two seconds."""
    clocks = office / "inbox.toml"
    clocks.write_text(clocks.read_text().replace("silent_hours = 16", "silent_hours = 0.0006"))
    hours = office / "office.toml"
    days = re.sub(r"^(\w+day) = .*$", "", hours.read_text(), flags=re.M)
    always = "\n".join(f'{day} = ["00:00-24:00"]' for day in WEEK)
    days = days.replace("[hours]", f"[hours]\n{always}").replace('country = "DE"\nsubdivision = "BE"\n', "")
    hours.write_text(re.sub(r"^closed = .*$", "", days, flags=re.M))


@pytest.fixture(scope="package")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """Server, sandbox, worker and mail server."""
    folder = tmp_path_factory.mktemp("inbox")
    kept, port = Kept(), free_port()
    office = Path(shutil.copytree(ROOT / "office", folder / "office"))
    impatient(office)
    manifest = office / "connectors" / "mail.toml"
    lines = manifest.read_text().split("\n")
    lines = [
        f'base_url = "smtp://127.0.0.1:{port}"' if line.startswith("base_url") else line for line in lines
    ]
    manifest.write_text("\n".join(line for line in lines if not line.startswith("auth =")))
    children = Children(
        Settings(
            office=office,
            state=folder / "state",
            temporal_address=f"127.0.0.1:{free_port()}",
            temporal_ui_port=free_port(),
            sandbox_port=free_port(),
        )
    )
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    try:
        children.start_all()
        yield Post(children, kept)
    finally:
        children.stop()
        server.stop()


@pytest.fixture
async def conversations(post: Post) -> AsyncIterator[Conversations]:
    """The same, seen from a test's event loop."""
    async with opened(post.children) as shop:
        yield Conversations(shop, lambda: list(post.kept.mails))

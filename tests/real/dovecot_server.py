"""A real IMAP server: Dovecot from Debian's packages, unpacked; mail is delivered into its Maildir."""

import os
import shutil
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from tests.real.debian import unpack
from tests.real.installing import Missing, need
from tests.real.process import Child

PASSWORD = "real-imap-password"
PACKAGES = ["dovecot-imapd"]
START_SECONDS = 30.0
CONFIGURATION = """
base_dir = {run}
state_dir = {run}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
log_path = {log}
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
mail_location = maildir:{mail}/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={mail}
}}
service config {{
  executable = config -c {configuration}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


class DovecotServer:
    """The server, with one person's mailbox.

    Dovecot finds its parts at fixed places. They are laid over `/usr` for it alone, in a mount namespace:
    that takes root, and installs nothing.
    """

    def __init__(self, folder: Path, port: int) -> None:
        """Unpack it and write its configuration; raises Missing.

        Args:
            folder: a folder that everybody may go through: the server's own user owns nothing above it.
            port: where it listens, on 127.0.0.1.
        """
        if os.geteuid() != 0:
            raise Missing(
                "Dovecot finds its parts below /usr only: run this as root, in a container for instance"
            )
        need("unshare", "it comes with util-linux")
        self.port = port
        self._root = unpack("dovecot", PACKAGES).root
        self._folder = folder
        self._child: Child | None = None
        self.box = folder / "mail" / "anna"
        self._configuration = folder / "dovecot.conf"
        for each in (folder, folder / "run", folder / "mail"):
            each.mkdir(parents=True, exist_ok=True)
            each.chmod(0o777)
        self._configuration.write_text(
            CONFIGURATION.format(
                run=folder / "run",
                log=folder / "dovecot.log",
                mail=folder / "mail",
                password=PASSWORD,
                configuration=self._configuration,
                port=port,
            )
        )

    def start(self) -> None:
        """Start it, and wait until it answers; raises Missing."""
        (self._folder / "run" / "master.pid").unlink(missing_ok=True)
        script = (
            f"mount -t overlay overlay -o lowerdir={self._root}/usr:/usr /usr"
            f" && exec doveconf -c {self._configuration} -e /usr/sbin/dovecot -F"
        )
        self._child = Child("Dovecot", ["unshare", "--mount", "sh", "-c", script], self._folder / "out.log")
        self._child.wait_until(self._answers, START_SECONDS)

    def kill(self) -> None:
        """Kill the server and all its processes at once."""
        assert self._child is not None
        with suppress(ProcessLookupError):
            os.killpg(self._child.process.pid, signal.SIGKILL)
        self._child.process.wait(10)
        deadline = time.monotonic() + START_SECONDS
        while self._answers() and time.monotonic() < deadline:  # its children end when they find it gone
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it."""
        if self._child is not None:
            self._child.stop()

    def deliver(self, number: int, raw: bytes) -> None:
        """Put a mail into the mailbox, as a delivery agent does."""
        for name in ("tmp", "new", "cur"):
            place = self.box / name
            if not place.exists():
                place.mkdir(parents=True, exist_ok=True)
                shutil.chown(place, "nobody", "nogroup")
        shutil.chown(self.box, "nobody", "nogroup")
        name = f"{1_764_000_000 + number}.M{number}P1.test"
        waiting = self.box / "tmp" / name
        waiting.write_bytes(raw)
        shutil.chown(waiting, "nobody", "nogroup")
        waiting.rename(self.box / "new" / name)

    def number_anew(self) -> None:
        """Forget the mails' numbers, as a restored mailbox does: UIDVALIDITY is another one then."""
        for file in self.box.glob("dovecot*"):
            file.unlink()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False

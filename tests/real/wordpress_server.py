"""A real WordPress: Debian's, under PHP's own web server, on a MariaDB of its own behind a socket."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import httpx

from tests.real.debian import Unpacked, unpack
from tests.real.installing import HERE, Missing, run
from tests.real.process import Child

PACKAGES = (
    "mariadb-server",
    "wordpress",
    "php-cli",
    "php-mysql",
    "php-curl",
    "php-gd",
    "php-xml",
    "php-mbstring",
)
EXTENSIONS = "mysqlnd mysqli ctype mbstring tokenizer dom simplexml xml xmlreader fileinfo posix iconv"
START_SECONDS = 60
WEB_WORKERS = 4


class WordPressServer:
    """One site; `url` is its base, `password` an application password of its owner `admin`."""

    def __init__(self, folder: Path, port: int) -> None:
        """Keep its files and its database in `folder`."""
        self.url = f"http://127.0.0.1:{port}"
        self.password = ""
        self._port = port
        self._folder = folder
        self._site = folder / "site"
        # A socket's path may have 107 characters at most, and a test's folder may be longer.
        self._run = Path(tempfile.mkdtemp(prefix="kontor-wp-"))
        self._children: list[Child] = []

    def start(self) -> None:
        """Install and start the site; raises Missing."""
        unpacked = unpack("wordpress", PACKAGES)
        self._start_database(unpacked)
        shutil.copytree(unpacked.root / "usr" / "share" / "wordpress", self._site, symlinks=True)
        for file in ("wp-config.php", "install.php", "router.php"):
            shutil.copyfile(HERE / "wordpress" / file, self._site / file)
        environment = {
            **unpacked.environment,
            "REAL_SOCKET": str(self._socket),
            "REAL_URL": self.url,
            "PHP_CLI_SERVER_WORKERS": str(WEB_WORKERS),
        }
        php = self._php(unpacked)
        self.password = self._install(php, environment)
        serve = [*php, "-S", f"127.0.0.1:{self._port}", "-t", str(self._site), str(self._site / "router.php")]
        web = Child("WordPress", serve, self._folder / "wordpress.log", **environment)
        self._children.append(web)
        web.wait_until(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop the site, then its database."""
        for child in reversed(self._children):
            child.stop()
        shutil.rmtree(self._run, ignore_errors=True)

    @property
    def _socket(self) -> Path:
        return self._run / "db.sock"

    def _start_database(self, unpacked: Unpacked) -> None:
        base, data = unpacked.root / "usr", self._folder / "database"
        whose = ["--user=root"] if os.geteuid() == 0 else []
        made = [f"--basedir={base}", f"--datadir={data}", *whose]
        options = ["--no-defaults", *made, "--auth-root-authentication-method=normal", "--skip-test-db"]
        tool = str(base / "bin" / "mariadb-install-db")
        run([tool, *options], "making WordPress's database", self._folder, **unpacked.environment)
        paths = [f"--socket={self._socket}", f"--pid-file={self._run / 'db.pid'}"]
        server = [str(base / "sbin" / "mariadbd"), "--no-defaults", *made, *paths, "--skip-networking"]
        log = self._folder / "mariadb.log"
        database = Child("MariaDB", server, log, **unpacked.environment)
        self._children.append(database)
        database.wait_until(self._socket.exists, START_SECONDS)
        client = [str(base / "bin" / "mariadb"), "--no-defaults", f"--socket={self._socket}", "--user=root"]
        sql = "CREATE DATABASE wordpress CHARACTER SET utf8mb4"
        run(
            [*client, f"--execute={sql}"], "making WordPress's database", self._folder, **unpacked.environment
        )

    def _php(self, unpacked: Unpacked) -> list[str]:
        found = sorted((unpacked.root / "usr" / "bin").glob("php[0-9]*"))
        modules = sorted((unpacked.root / "usr" / "lib" / "php").glob("20*"))
        if not found or not modules:
            raise Missing("PHP is not among the unpacked packages; delete the kept folder and try again")
        options = [f"-dextension={name}" for name in EXTENSIONS.split()]
        return [str(found[-1]), "-n", f"-dextension_dir={modules[-1]}", *options]

    def _install(self, php: list[str], environment: dict[str, str]) -> str:
        done = subprocess.run(
            [*php, str(self._site / "install.php")],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        for line in done.stdout.splitlines():
            if line.startswith("password="):
                return line.removeprefix("password=")
        raise Missing(f"installing WordPress failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/wp-json/", timeout=5, trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

"""A real Vendure: installed with npm, on a PostgreSQL database of its own, with three channels."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.real.installing import HERE, finish, kept, need, run
from tests.real.process import Child
from tests.real.vendure_shop import VendureShop

START_SECONDS = 90
USER = "superadmin"
PASSWORD = "real-vendure-password"


class VendureServer:
    """One server; `url` is its base."""

    def __init__(self, folder: Path, port: int, database_url: str) -> None:
        """Keep its log in `folder` and its data in the PostgreSQL database of that SQLAlchemy URL."""
        self.url = f"http://127.0.0.1:{port}"
        database = urlsplit(database_url)
        self._folder = folder
        self._environment = {
            "REAL_PORT": str(port),
            "REAL_USER": USER,
            "REAL_PASSWORD": PASSWORD,
            "REAL_DATABASE_PORT": str(database.port),
            "REAL_DATABASE_USER": database.username or "",
            "REAL_DATABASE": database.path.removeprefix("/"),
            "VENDURE_DISABLE_TELEMETRY": "true",
        }
        self._child: Child | None = None
        self._client = httpx.Client(base_url=self.url, timeout=30)

    @staticmethod
    def install() -> Path:
        """Install Vendure once and return its folder; raises Missing."""
        need("node", "install Node.js 20 or later")
        npm = need("npm", "install npm, which comes with Node.js")
        recipe = (HERE / "vendure" / "package.json").read_text()
        folder, finished = kept("vendure", recipe)
        if not finished:
            (folder / "package.json").write_text(recipe)
            options = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
            run([npm, "install", *options], "npm install of Vendure", folder)
            finish(folder)
        shutil.copy(HERE / "vendure" / "server.js", folder / "server.js")
        return folder

    def start(self) -> VendureShop:
        """Make its schema, start it, and return a shop with three channels; raises Missing."""
        installed = self.install()
        server = [need("node", "install Node.js"), str(installed / "server.js")]
        run([*server, "populate"], "making Vendure's schema", self._folder, **self._environment)
        log = self._folder / "vendure.log"
        self._child = Child("Vendure", server, log, **self._environment)
        self._child.wait_until(lambda: "vendure ready" in log.read_text(errors="replace"), START_SECONDS)
        shop = VendureShop(self._client, USER, PASSWORD)
        shop.open_channels()
        return shop

    def stop(self) -> None:
        """Stop it."""
        self._client.close()
        if self._child:
            self._child.stop()

"""The console as a process, and when its database is away."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from benchmarks.environment import free_port
from console.server import SERVING
from memory.database import open_engine
from tests.conftest import ROOT
from tests.console.browser import Served

PATIENCE_SECONDS = 120.0


def test_the_command_serves_says_where_and_ends_with_a_page_open(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "kontor.db")
    port = free_port()
    own = {
        **os.environ,
        "KONTOR_OFFICE": str(ROOT / "office"),
        "KONTOR_STATE": str(tmp_path),
        "KONTOR_CONSOLE_PORT": str(port),
    }
    log = tmp_path / "console.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "starter"]
        process = subprocess.Popen([*command, "console"], cwd=ROOT, env=own, stderr=out)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(rf"{SERVING} \[{process.pid}\] at (http://[\d.:]+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        assert httpx.get(f"{found[1]}/healthz").json() == {"state": "alive"}
        assert httpx.get(f"{found[1]}/readyz").json() == {"state": "ready"}
        invited = subprocess.run(
            [*command, "people", "invite", "ben"], cwd=ROOT, env=own, capture_output=True, check=True
        )
        link = invited.stdout.decode().splitlines()[0]
        second = subprocess.run([*command, "console"], cwd=ROOT, env=own, capture_output=True, check=False)
        assert (second.returncode, b"KONTOR_CONSOLE_PORT" in second.stderr) == (3, True)
        with httpx.Client(headers={"origin": f"http://localhost:{port}"}, timeout=30) as ben:
            assert ben.post(link).status_code == 303
            with ben.stream("GET", f"http://localhost:{port}/events") as news:
                assert next(news.iter_lines()) == "retry: 2000"
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def test_while_the_database_is_away_a_page_says_so_and_it_comes_back_by_itself(served: Served) -> None:
    file = served.kontor.settings.state / "kontor.db"
    with served.signed_in("ben") as ben:
        locked = open_engine(f"sqlite:///{file}")
        with locked.begin() as connection:
            connection.exec_driver_sql("alter table sessions rename to away")
        away = ben.get("/me")
        assert (away.status_code, away.headers["refresh"]) == (503, "5")
        assert "The database does not answer" in away.text
        with locked.begin() as connection:
            connection.exec_driver_sql("alter table away rename to sessions")
        locked.dispose()
        assert ben.get("/me").status_code == 200

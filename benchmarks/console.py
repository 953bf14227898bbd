"""The console: its inbox with thousands of requests, what a first visit loads, how soon other screens know.

`KONTOR_CONSOLE_WAITING` makes the queue shorter. Server and browsers are one process here, so what open pages
cost is both sides of them together: an upper bound of what the console's own process spends.
"""

import asyncio
import gc
import os
import re
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles

import httpx

from benchmarks.environment import free_port
from benchmarks.rows import Row
from bootstrap.installation import Installation
from contracts.approvals.messages import ApprovalClosing
from contracts.approvals.request import ApprovalOutcome
from contracts.office import office_files
from memory.database import migrate
from settings import Settings
from tests.conftest import ROOT
from tests.console.browser import Served, serving
from tests.console.events import NOW, ask

WAITING = int(os.environ.get("KONTOR_CONSOLE_WAITING", "5000"))
READS = 300
UPDATES = 40
PAGES = 50
IDLE_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


async def rows() -> list[Row]:
    """Measure."""
    return await asyncio.to_thread(_rows)


def _rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="kontor-console-") as folder:
        own = Settings(office=ROOT / "office", state=Path(folder), console_port=free_port())
        with Installation(own) as kontor:
            migrate(kontor.database)
            kontor.releases.put_in_force(office_files(ROOT / "office"), by="a benchmark", at=NOW)
            for number in range(WAITING):
                ask(kontor, number)
            with serving(kontor) as served, served.signed_in("ben") as ben:
                loaded = _first_load(ben)
                gc.freeze()  # as the console's own process does once it serves
                took = [_seconds(ben, "/inbox") for _ in range(READS)]
                updates = _updates(served, ben)
                share = _open_pages(served, ben)
    return [
        Row(f"console.inbox_p99_ms_{WAITING}", quantiles(took, n=100)[98] * 1000, "ms", 50.0),
        Row(f"console.inbox_p50_ms_{WAITING}", quantiles(took, n=100)[49] * 1000, "ms"),
        Row("console.first_load_kb", loaded / 1024, "kB", 150.0),
        Row("console.live_update_p95_ms", quantiles(updates, n=20)[18] * 1000, "ms", 1000.0),
        Row(f"console.open_pages_{PAGES}_core_share", share, "share", 0.05),
    ]


def _seconds(browser: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    browser.get(path).raise_for_status()
    return time.perf_counter() - began


def _first_load(browser: httpx.Client) -> int:
    """Return how many bytes come over the wire for the inbox with everything that it is drawn with."""
    page = browser.get("/inbox")
    loaded = page.num_bytes_downloaded
    for path in dict.fromkeys(ASSET.findall(page.text)):
        loaded += browser.get(path).raise_for_status().num_bytes_downloaded
    return loaded


def _updates(served: Served, browser: httpx.Client) -> list[float]:
    """Return how long it takes from the end of a request to a page that was read anew, each."""
    waiting = re.findall(r'href="/inbox/(ask-[0-9a-f]+)" data-line', browser.get("/inbox").text)
    took = []
    with browser.stream("GET", "/events") as news:
        lines = news.iter_lines()
        next(lines)
        for request_id in waiting[:UPDATES]:
            ended = ApprovalClosing(request_id=request_id, outcome=ApprovalOutcome.WITHDRAWN, why="measured")
            began = time.perf_counter()
            served.kontor.approvals.end(ended, NOW)
            while "approvals" not in next(lines):
                pass
            browser.get("/inbox").raise_for_status()
            took.append(time.perf_counter() - began)
    return took


def _open_pages(served: Served, browser: httpx.Client) -> float:
    """Return which share of a core this process spends while pages are open and nothing happens."""
    opened, leave = threading.Barrier(PAGES + 1), threading.Event()

    def page() -> None:
        client = httpx.Client(base_url=served.url, cookies=browser.cookies, timeout=PATIENCE_SECONDS)
        with client, client.stream("GET", "/events") as news:
            next(news.iter_lines())
            opened.wait(PATIENCE_SECONDS)
            leave.wait(PATIENCE_SECONDS)

    threads = [threading.Thread(target=page) for _ in range(PAGES)]
    for thread in threads:
        thread.start()
    opened.wait(PATIENCE_SECONDS)
    spent, began = time.process_time(), time.perf_counter()
    time.sleep(IDLE_SECONDS)
    share = (time.process_time() - spent) / (time.perf_counter() - began)
    leave.set()
    for thread in threads:
        thread.join()
    return share

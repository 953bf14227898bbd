"""The sandbox as a process: it starts, says so, keeps what happened, and shows it plainly."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx

from sandbox.server import Sandbox, running

REFUND = {
    "method": "card-4101",
    "amount_minor": 3490,
    "currency": "EUR",
    "reason": "itchy",
    "items": [],
}


def refund(sandbox: Sandbox, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {sandbox.tokens['webshop']}", "Idempotency-Key": key}
    return httpx.post(f"{sandbox.url}/webshop/orders/W-1001/refunds", json=REFUND, headers=headers)


def test_what_happened_survives_a_restart_and_seeding_again_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with running(file) as first:
        assert refund(first, "key").status_code == 201
        before = httpx.get(f"{first.url}/admin/books").json()
    with running(file) as second:
        assert httpx.get(f"{second.url}/admin/books").json() == before
        assert refund(second, "key").json()["refund"]["id"] == "refund_1"
        assert httpx.get(f"{second.url}/admin/totals").json()["webshop"] == {
            "refund": {"count": 1, "cents": 3490}
        }


def test_the_books_are_the_database(sandbox: Sandbox) -> None:
    refund(sandbox, "one")
    refund(sandbox, "two")
    with sqlite3.connect(sandbox.database) as db:
        counted = db.execute(
            "SELECT COUNT(*), SUM(amount_cents) FROM entries WHERE kind = 'refund'"
        ).fetchone()
    db.close()
    # The order was paid with 84.70, so that a second refund of 34.90 fits and a third would not.
    assert counted == (2, 6980)
    assert refund(sandbox, "three").json()["error"]["type"] == "exceeds_paid"


async def test_orders_can_be_loaded_and_everything_reset(sandbox: Sandbox, admin: httpx.AsyncClient) -> None:
    order = {
        "id": "T-1",
        "channel": "store",
        "customer": "someone",
        "status": "delivered",
        "currency": "EUR",
        "placed_at": "2026-01-01T10:00:00+00:00",
        "delivered_days_ago": 3,
        "payment_method": "paypal-1",
        "lines": [
            {"id": "1", "sku": "X-1", "product": "X", "name": "Thing", "options": {}, "unit_price_cents": 500}
        ],
    }
    assert (await admin.post("/load", json={"orders": [order]})).json() == {"variants": 0, "orders": 1}
    assert (await admin.post("/load", json={"orders": [order]})).json() == {"variants": 0, "orders": 0}
    incomplete = {**order, "id": "T-2", "lines": [{"id": "1", "sku": "X-2"}]}
    assert (await admin.post("/load", json={"orders": [incomplete]})).status_code == 422
    bearer = {"Authorization": f"Bearer {sandbox.tokens['store']}"}
    slip_url = f"{sandbox.url}/store/slip?order_no=T-1"
    slip = (await admin.get(slip_url, headers=bearer)).json()["slip"]
    assert (slip["paid"], slip["rows"][0]["text"]) == (500, "Thing")
    await admin.post("/reset")
    assert (await admin.get(slip_url, headers=bearer)).status_code == 404


def test_started_from_the_command_line_it_says_when_it_is_ready(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--database", str(tmp_path / "s.db"), "--seed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            url = line.removeprefix("sandbox ready on ").strip()
            assert httpx.get(f"{url}/admin/health").json()["ready"] is True
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)

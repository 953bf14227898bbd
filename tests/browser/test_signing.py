"""Over 1000.00 a passkey signs the very decision: in a real browser, with its own authenticator."""

import json
import os
import subprocess
import sys

import httpx
from playwright.sync_api import Browser, expect

from bootstrap.installation import Installation
from memory.authoritative.approvals.signed import decided_requests
from service.signed_decisions import WantedSignatures, verify_decisions
from tests.browser.running_demo import RunningDemo
from tests.browser.screen import PATIENCE_MS, Person, authenticator, lines, picture
from tests.conftest import ROOT

ORDER = {
    "id": "W-1900", "channel": "webshop", "customer": "cust-4108", "status": "delivered", "currency": "EUR",
    "member_level": "gold", "placed_days_ago": 9, "delivered_days_ago": 6, "payment_method": "card-4108",
    "lines": [{"id": "L1", "sku": "ESPR-SILVER", "quantity": 3}],
}  # fmt: skip
REQUEST = {
    "id": "RMA-1900",
    "channel": "webshop",
    "order": "W-1900",
    "message": "All three espresso machines leak. I would like to send all three back for a refund, please.",
}


def test_over_1000_two_people_sign_by_their_passkeys_and_the_audit_finds_it_in_order(
    browser: Browser, ben: Person, demo: RunningDemo
) -> None:
    hand_in(demo)
    anna = Person.invited(browser, demo.url, demo.invite("anna"))
    before = audited(demo)
    for number, person in enumerate((ben, anna), start=1):
        sign(person)
        assert audited(demo) == (before[0] + number, ())
    assert anna.heard == []


def sign(person: Person) -> None:
    """Add a passkey, and say yes by it."""
    desk = person.at("desk", path="/me")
    authenticator(desk)
    desk.get_by_role("button", name="Add a passkey").click()
    expect(desk.get_by_role("heading", name="Your passkeys")).to_be_visible(timeout=PATIENCE_MS)
    desk.goto(f"{person.url}/inbox")
    line = lines(desk).filter(has_text="W-1900")
    expect(line).to_have_count(1, timeout=PATIENCE_MS)
    line.click()
    desk.locator(".answer button[value=approve]").click()
    expect(desk.get_by_role("heading", name="Sign it with your passkey")).to_be_visible(timeout=PATIENCE_MS)
    picture(desk, "signing-desk-light")
    desk.get_by_role("button", name="Sign with your passkey").click()
    expect(desk.get_by_role("status")).to_be_visible(timeout=PATIENCE_MS)
    desk.context.close()


def hand_in(demo: RunningDemo) -> None:
    """Let a customer of the webshop want 1347.00 EUR back."""
    shop = f"http://127.0.0.1:{demo.settings.sandbox_port}/admin/load"
    httpx.post(shop, json={"orders": [ORDER]}).raise_for_status()
    file = demo.state / "dear.jsonl"
    file.write_text(json.dumps(REQUEST) + "\n")
    command = [sys.executable, "-m", "starter", "submit", "returns", str(file)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **demo.environment}, check=True, capture_output=True)


def audited(demo: RunningDemo) -> tuple[int, tuple[str, ...]]:
    """Return how many decisions are signed, and what is wrong, as `kontor audit verify` finds it."""
    with Installation(demo.settings) as kontor:
        requests = decided_requests(kontor.database)
        found = verify_decisions(requests, kontor.approvals, kontor.passkeys, WantedSignatures(kontor))
    return found.checked, tuple(each.what for each in found.findings)

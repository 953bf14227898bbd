"""What policy wants a passkey touched for is signed: the challenge is the hash of the very decision."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col
from typer.testing import CliRunner

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from cli.app import app
from contracts.approvals.request import ApprovalRecord, ApprovalRequest
from contracts.approvals.signature import challenge_of
from contracts.office import office_files
from memory.authoritative.approvals.signed import decided_requests
from memory.database import writing
from memory.tables.approvals import AnswerRow
from service.signed_decisions import WantedSignatures, verify_decisions
from tests.conftest import ROOT
from tests.console.authenticator import Authenticator
from tests.console.browser import Served, serving
from tests.console.events import ask
from tests.console.test_entering import enrolled

DEAR = 150_000
pytestmark = pytest.mark.usefixtures("at_once")


def said(request: ApprovalRequest, **fields: str) -> dict[str, str]:
    return {"arguments_hash": request.arguments_hash, "choice": "approve", **fields}


def asked_to_sign(page: httpx.Response) -> dict[str, Any]:
    """What the page asks the browser's authenticator."""
    assert page.status_code == 428, page.text
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def kept(served: Served, request: ApprovalRequest) -> ApprovalRecord:
    record = served.kontor.approvals.find(request.id)
    assert record is not None
    return record


def audited(served: Served) -> tuple[int, list[str]]:
    """How many signed decisions are verified offline, and what is wrong with them."""
    kontor = served.kontor
    requests = decided_requests(kontor.database)
    report = verify_decisions(requests, kontor.approvals, kontor.passkeys, WantedSignatures(kontor))
    return report.checked, [finding.what for finding in report.findings]


def test_over_1000_a_passkey_signs_the_very_decision_and_the_audit_verifies_it_offline(
    served: Served,
) -> None:
    request = ask(served.kontor, cents=DEAR)
    with served.signed_in("anna") as anna:
        device = enrolled(anna, served.url)
        page = anna.post(f"/inbox/{request.id}", data=said(request, note="saw it"))
        assert "a passkey is touched" in page.text
        signature = device.get(asked_to_sign(page))
        sent = anna.post(f"/inbox/{request.id}", data=said(request, note="saw it", signature=signature))
        assert sent.status_code == 303, sent.text
        [key] = served.kontor.passkeys.of("anna")
        anna.post("/me/passkeys/remove", data={"passkey": key.id})

    [answer] = kept(served, request).answers
    assert (answer.standing, answer.shown.how, answer.shown.age_seconds) == ("valid", "passkey", 0)
    assert audited(served) == (1, [])
    told = CliRunner().invoke(app, ["audit", "verify", "--json"], obj=served.kontor)
    assert json.loads(told.output)["signatures"] == {"checked": 1, "findings": []}


def test_up_to_1000_nothing_is_signed(served: Served) -> None:
    request = ask(served.kontor)
    with served.signed_in("ben") as ben:
        assert ben.post(f"/inbox/{request.id}", data=said(request)).status_code == 303
    assert audited(served) == (0, [])


def test_who_has_no_passkey_is_told_to_add_one(served: Served) -> None:
    request = ask(served.kontor, cents=DEAR)
    with served.signed_in("anna") as anna:
        page = anna.post(f"/inbox/{request.id}", data=said(request))
    assert (page.status_code, "You have no passkey yet" in page.text) == (428, True)
    assert kept(served, request).answers == ()


def test_a_signature_of_another_decision_person_or_site_or_a_second_time_is_no_answer(served: Served) -> None:
    request, other = ask(served.kontor, cents=DEAR), ask(served.kontor, 2, cents=DEAR)
    path = f"/inbox/{request.id}"
    with served.signed_in("anna") as anna, served.signed_in("ben") as ben:
        annas, bens = enrolled(anna, served.url), enrolled(ben, served.url)

        def signed(browser: httpx.Client, device: Authenticator, to: ApprovalRequest, **more: str) -> str:
            return device.get(asked_to_sign(browser.post(f"/inbox/{to.id}", data=said(to, **more))))

        def refused(browser: httpx.Client, signature: str, **more: str) -> None:
            answer = browser.post(path, data=said(request, signature=signature, **more))
            assert answer.status_code == 403, answer.text

        refused(anna, signed(anna, annas, request, note="no"), note="yes")
        refused(anna, signed(anna, annas, request), choice="reject")
        refused(anna, signed(anna, annas, other))
        refused(anna, signed(ben, bens, request))
        refused(anna, bens.get(asked_to_sign(anna.post(path, data=said(request)))))
        refused(anna, "{}")
        annas.verifies = False
        refused(anna, signed(anna, annas, request))
        annas.verifies, annas.origin = True, "https://evil.example"
        refused(anna, signed(anna, annas, request))
        annas.origin = served.url
        invented = asked_to_sign(anna.post(path, data=said(request)))
        refused(anna, annas.get(invented | {"challenge": "AAAA"}))
        assert kept(served, request).answers == ()

        good = signed(anna, annas, request)
        assert anna.post(path, data=said(request, signature=good)).status_code == 303
        assert anna.post(path, data=said(request, signature=good)).status_code in (403, 409)
    assert audited(served) == (1, [])


def test_an_answer_that_was_changed_in_the_database_is_not_what_was_signed(served: Served) -> None:
    request = ask(served.kontor, cents=DEAR)
    with served.signed_in("anna") as anna:
        device = enrolled(anna, served.url)
        lower = said(request) | {"choice": "edit", "amount": "1200"}
        signature = device.get(asked_to_sign(anna.post(f"/inbox/{request.id}", data=lower)))
        assert anna.post(f"/inbox/{request.id}", data={**lower, "signature": signature}).status_code == 303
    assert audited(served) == (1, [])
    [answer] = kept(served, request).answers
    raised = answer.answer.model_copy(update={"amount_cents": 140_000})
    assert challenge_of(request, raised) != challenge_of(request, answer.answer)

    with writing(served.kontor.database) as session:
        session.execute(update(AnswerRow).values(answer=raised.model_dump(mode="json")))

    checked, [wrong] = audited(served)
    assert (checked, "did not sign this decision" in wrong) == (1, True)
    told = CliRunner().invoke(app, ["audit", "verify"], obj=served.kontor)
    assert (told.exit_code, "did not sign this decision" in told.output) == (1, True)


def test_an_answer_that_policy_wants_signed_and_nobody_signed_is_found(served: Served) -> None:
    request, small = ask(served.kontor, cents=DEAR), ask(served.kontor, 2)
    with served.signed_in("anna") as anna:
        device = enrolled(anna, served.url)
        assert anna.post(f"/inbox/{small.id}", data=said(small)).status_code == 303
        signature = device.get(asked_to_sign(anna.post(f"/inbox/{request.id}", data=said(request))))
        sent = anna.post(f"/inbox/{request.id}", data=said(request, signature=signature))
        assert sent.status_code == 303
    [answer] = kept(served, request).answers
    bare = answer.answer.model_copy(update={"signature": None})
    with writing(served.kontor.database) as session:
        row = update(AnswerRow).where(col(AnswerRow.id) == answer.id)
        session.execute(row.values(answer=bare.model_dump(mode="json")))

    checked, [wrong] = audited(served)
    assert (checked, wrong.startswith("no passkey signed this decision: ")) == (0, True)
    told = CliRunner().invoke(app, ["audit", "verify"], obj=served.kontor)
    assert (told.exit_code, "no passkey signed" in told.output) == (1, True)


def test_what_an_office_of_then_did_not_want_signed_is_not_found_by_an_office_of_now(served: Served) -> None:
    kontor = served.kontor
    files = office_files(ROOT / "office")
    policies = files["policies/approvals.cedar"].decode()
    begin = policies.index('@id("approvals.over-1000-by-passkey")')
    files["policies/approvals.cedar"] = policies[:begin].encode()
    kontor.releases.put_in_force(files, by="a test", at=datetime.now(UTC) - timedelta(minutes=1))
    request = ask(kontor, cents=DEAR)
    own = kontor.settings.model_copy(update={"console_port": free_port()})
    with Installation(own) as lenient, serving(lenient) as then, then.signed_in("anna") as anna:
        assert anna.post(f"/inbox/{request.id}", data=said(request)).status_code == 303
    kontor.releases.put_in_force(office_files(ROOT / "office"), by="a test", at=datetime.now(UTC))
    assert audited(served) == (0, [])

"""The console's part of the attack table: each attempt changes nothing, and is on record."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from console.attempts import MOST
from console.turned_away import TURNED_AWAY
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import ApprovalRequest
from memory.authoritative.staff_episodes import OF_STAFF
from tests.console.authenticator import Authenticator
from tests.console.browser import Served
from tests.console.events import ask, dismiss
from tests.console.test_entering import enrolled

EVIL = "https://evil.example"
FORM = "application/x-www-form-urlencoded"
Attempt = Callable[[Served, ApprovalRequest], httpx.Response]


def approving(request: ApprovalRequest, **more: str) -> dict[str, str]:
    return {"choice": "approve", "arguments_hash": request.arguments_hash, **more}


def from_elsewhere(**headers: str) -> Attempt:
    """A form of another site, sent by the browser of somebody who is in."""

    def attempt(served: Served, request: ApprovalRequest) -> httpx.Response:
        with served.signed_in("ben") as ben:
            del ben.headers["origin"]
            return ben.post(f"/inbox/{request.id}", data=approving(request), headers=headers)

    return attempt


def by_nobody(cookie: str = "") -> Attempt:
    """The form, sent by somebody who is not in."""

    def attempt(served: Served, request: ApprovalRequest) -> httpx.Response:
        with served.browser() as browser:
            name = f"kontor-{served.kontor.identity.id[:8]}"
            browser.cookies.set(name, cookie) if cookie else None
            return browser.post(f"/inbox/{request.id}", data=approving(request))

    return attempt


def after_leaving(served: Served, request: ApprovalRequest) -> httpx.Response:
    with served.signed_in("ben") as ben:
        kept = dict(ben.cookies)
        ben.post("/leave")
        ben.cookies.update(kept)
        return ben.post(f"/inbox/{request.id}", data=approving(request))


def after_dismissal(served: Served, request: ApprovalRequest) -> httpx.Response:
    with served.signed_in("ben") as ben:
        dismiss(served.kontor, "ben")
        return ben.post(f"/inbox/{request.id}", data=approving(request))


def with_a_used_link(served: Served, _request: ApprovalRequest) -> httpx.Response:
    link = served.link("ben")
    with served.browser() as ben, served.browser() as thief:
        ben.post(link)
        return thief.post(link)


def with_a_link(path: str) -> Attempt:
    def attempt(served: Served, _request: ApprovalRequest) -> httpx.Response:
        with served.browser() as browser:
            return browser.post(path)

    return attempt


def with_an_expired_link(served: Served, _request: ApprovalRequest) -> httpx.Response:
    with served.browser() as browser:
        return browser.post(served.link("ben", timedelta(0)))


def with_a_strangers_passkey(served: Served, _request: ApprovalRequest) -> httpx.Response:
    with served.browser() as thief:
        asked = thief.post("/enter/passkey/question").json()
        return thief.post("/enter/passkey", content=Authenticator(served.url).get(asked))


def with_a_passkeys_answer_once_more(served: Served, _request: ApprovalRequest) -> httpx.Response:
    with served.signed_in("ben") as ben, served.browser() as thief:
        device = enrolled(ben, served.url)
        answered = device.get(ben.post("/enter/passkey/question").json())
        ben.post("/enter/passkey", content=answered)
        return thief.post("/enter/passkey", content=answered)


def with_a_passkey_for_another_site(served: Served, _request: ApprovalRequest) -> httpx.Response:
    with served.signed_in("ben") as ben, served.browser() as thief:
        device = enrolled(ben, served.url)
        device.origin = EVIL
        return thief.post("/enter/passkey", content=device.get(thief.post("/enter/passkey/question").json()))


def knocking(served: Served, _request: ApprovalRequest) -> httpx.Response:
    with served.browser() as thief:
        return [thief.post("/enter/guess") for _ in range(MOST + 1)][-1]


def sent(content: bytes, kind: str = FORM, method: str = "POST", path: str = "") -> Attempt:
    """Something that no page of ours sends, by somebody who is in."""

    def attempt(served: Served, request: ApprovalRequest) -> httpx.Response:
        with served.signed_in("ben") as ben:
            place = path or f"/inbox/{request.id}"
            return ben.request(method, place, content=content, headers={"content-type": kind})

    return attempt


def two_answers(served: Served, request: ApprovalRequest) -> httpx.Response:
    with served.signed_in("ben") as ben:
        said = {"arguments_hash": request.arguments_hash, "choice": ["approve", "reject"]}
        return ben.post(f"/inbox/{request.id}", data=said)


def to_a_strangers_name(method: str) -> Attempt:
    def attempt(served: Served, request: ApprovalRequest) -> httpx.Response:
        with served.signed_in("ben") as ben:
            return ben.request(method, f"/inbox/{request.id}", headers={"host": "evil.example"})

    return attempt


def along(path: str) -> Attempt:
    """A path that leads out of the pages, as it stands: a client would tidy it up."""

    def attempt(served: Served, _request: ApprovalRequest) -> httpx.Response:
        parts = urlsplit(served.url)
        connection = HTTPConnection(parts.hostname or "", parts.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        connection.close()
        return httpx.Response(answer.status, headers=answer.getheaders())

    return attempt


def with_an_unsigned_decision(served: Served, request: ApprovalRequest) -> httpx.Response:
    dear = ask(served.kontor, 2, cents=150_000)
    with served.signed_in("ben") as ben:
        enrolled(ben, served.url)
        return ben.post(f"/inbox/{dear.id}", data=approving(dear, signature="{}", how="passkey"))


ATTEMPTS: dict[str, Attempt] = {
    "another site's form": from_elsewhere(origin=EVIL),
    "a form of no origin": from_elsewhere(),
    "a form of a page without an origin": from_elsewhere(origin="null"),
    "a form of another port": from_elsewhere(origin="http://localhost:1"),
    "a form that the browser calls cross-site": from_elsewhere(**{"sec-fetch-site": "cross-site"}),
    "a form that the browser calls same-site": from_elsewhere(**{"sec-fetch-site": "same-site"}),
    "nobody's answer": by_nobody(),
    "an invented session": by_nobody("x" * 43),
    "a session that was left": after_leaving,
    "a session of somebody who was dismissed": after_dismissal,
    "a link that was used": with_a_used_link,
    "a link that has expired": with_an_expired_link,
    "an invented link": with_a_link("/enter/guess"),
    "a link with a header in it": with_a_link("/enter/x%0d%0aset-cookie:%20kontor=1"),
    "a link with markup in it": with_a_link("/enter/%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
    "a stranger's passkey": with_a_strangers_passkey,
    "a passkey's answer once more": with_a_passkeys_answer_once_more,
    "a passkey's answer to another site": with_a_passkey_for_another_site,
    "knocking until a link fits": knocking,
    "a body without end": sent(b"x" * 70_000),
    "a thousand fields": sent(b"&".join([b"a=1"] * 1_000)),
    "bytes that are no text": sent(b"choice=\xff%ff"),
    "a file": sent(b"--x\r\n", "multipart/form-data; boundary=x"),
    "an answer in JSON": sent(b'{"choice": "approve"}', "application/json"),
    "two answers in one form": two_answers,
    "an answer by another method": sent(b"choice=approve", method="PUT"),
    "an answer by deleting": sent(b"", method="DELETE"),
    "an answer to a stranger's name": to_a_strangers_name("POST"),
    "a page under a stranger's name": to_a_strangers_name("GET"),
    "a path out of the pages": along("/static/../../settings.py"),
    "a path out of the pages, in disguise": along("/static/%2e%2e/%2e%2e/settings.py"),
    "a decision that nobody signed": with_an_unsigned_decision,
}


def on_record(served: Served) -> list[dict[str, Any]]:
    told = served.kontor.episodes.of_case(OF_STAFF, told_only=True)
    return [one.data for one in told if one.kind == TURNED_AWAY]


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_attempt_at_the_console_changes_nothing_and_is_on_record(served: Served, attempt: Attempt) -> None:
    request = ask(served.kontor)

    answer = attempt(served, request)

    assert answer.status_code >= 400
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"
    for record in map(served.kontor.approvals.find, served_requests(served)):
        assert record is not None
        assert (record.answers, record.approval) == ((), None)
    assert answer.status_code in [told["status"] for told in on_record(served)]


def served_requests(served: Served) -> list[str]:
    pages = served.kontor.approval_queue.pages(ApprovalFilter(limit=100))
    return [entry.id for page in pages for entry in page]


def test_what_is_turned_away_is_told_once_a_minute_and_names_no_secret(served: Served) -> None:
    with served.browser() as thief:
        for _ in range(5):
            thief.post("/enter/a-secret-that-was-guessed")
    told = on_record(served)
    minutes = {datetime.now(UTC).minute - 1, datetime.now(UTC).minute}
    assert 1 <= len(told) <= len(minutes)
    assert told[0] == {"method": "POST", "place": "/enter", "status": 410}


def test_a_form_that_somebody_filled_in_wrongly_is_no_attempt(served: Served) -> None:
    request = ask(served.kontor)
    with served.signed_in("ben") as ben:
        wrong = ben.post(f"/inbox/{request.id}", data=approving(request, choice="edit", amount="x"))
    assert (wrong.status_code, on_record(served)) == (422, [])

"""Who gets into the console: by a link once, by a passkey, for as long as they work here."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Engine

from memory.authoritative.sessions import IDLE, LONGEST, SqlSessions
from memory.authoritative.staff_episodes import OF_STAFF
from tests.console.authenticator import Authenticator
from tests.console.browser import Served
from tests.console.events import NOW, dismiss
from tests.memory.audit_helpers import journal

HOUR = timedelta(hours=1)


def enrolled(browser: httpx.Client, origin: str) -> Authenticator:
    """Add a passkey for whoever is in at this browser."""
    device = Authenticator(origin)
    options = browser.post("/me/passkeys/question").json()
    answer = browser.post("/me/passkeys", data={"answered": device.create(options)})
    assert answer.status_code == 200, answer.text
    return device


def touch(browser: httpx.Client, device: Authenticator) -> httpx.Response:
    answered = device.get(browser.post("/enter/passkey/question").json())
    return browser.post("/enter/passkey", content=answered, headers={"content-type": "application/json"})


def test_a_link_lets_its_person_in_once_and_nobody_a_second_time(served: Served) -> None:
    link = served.link("ben")
    with served.browser() as ben, served.browser() as thief:
        assert "Welcome, Ben" in ben.get(link).text
        assert ben.post(link).headers["location"].startswith("/me")
        assert "<h1>Ben</h1>" in ben.get("/me").text
        assert thief.post(link).status_code == 410
        assert thief.get("/me").headers["location"] == "/enter?to=/me"


def test_looking_at_a_link_uses_nothing_up_as_mail_scanners_do(served: Served) -> None:
    link = served.link("ben")
    with served.browser() as scanner, served.browser() as ben:
        assert [scanner.get(link).status_code for _ in range(3)] == [200] * 3
        assert ben.post(link).status_code == 303


def test_a_link_whose_time_is_over_or_that_was_invented_lets_nobody_in(served: Served) -> None:
    with served.browser() as browser:
        for link in (served.link("ben", timedelta(0)), "/enter/invented"):
            assert browser.get(link).status_code == browser.post(link).status_code == 410


def test_a_link_of_somebody_who_left_meanwhile_lets_nobody_in(served: Served) -> None:
    link = served.link("ben")
    dismiss(served.kontor, "ben")
    with served.browser() as browser:
        assert browser.post(link).status_code == 410


def test_who_does_not_work_here_any_more_is_out_with_their_next_request(served: Served) -> None:
    with served.signed_in("ben") as ben, served.signed_in("anna") as anna:
        device = enrolled(ben, served.url)
        dismiss(served.kontor, "ben")
        assert ben.get("/me").status_code == 303
        assert touch(ben, device).status_code == 403
        assert anna.get("/me").status_code == 200
    assert served.kontor.sessions.of("ben", datetime.now(UTC)) == []


def test_a_passkey_lets_its_person_in_at_another_browser(served: Served) -> None:
    with served.signed_in("ben") as ben, served.browser() as again:
        device = enrolled(ben, served.url)
        assert touch(again, device).status_code == 200
        assert "<h1>Ben</h1>" in again.get("/me").text
    [key] = served.kontor.passkeys.of("ben")
    assert (key.sign_count, key.used_at is not None) == (1, True)


def test_what_a_passkey_signed_once_opens_nothing_a_second_time(served: Served) -> None:
    with served.signed_in("ben") as ben, served.browser() as thief:
        device = enrolled(ben, served.url)
        signed = device.get(thief.post("/enter/passkey/question").json())
        assert [thief.post("/enter/passkey", content=signed).status_code for _ in range(2)] == [200, 403]


def test_a_passkey_that_was_used_on_a_page_of_somebody_else_or_without_its_person_opens_nothing(
    served: Served,
) -> None:
    with served.signed_in("ben") as ben, served.browser() as thief:
        device = enrolled(ben, served.url)
        for origin, verifies in (("https://evil.example", True), (served.url, False)):
            device.origin, device.verifies = origin, verifies
            assert touch(thief, device).status_code == 403
        stranger = Authenticator(served.url)
        assert touch(thief, stranger).status_code == 403
        for nonsense in ("", "{}", "[]", json.dumps({"id": 1}), "\0"):
            assert thief.post("/enter/passkey", content=nonsense).status_code == 403


def test_a_passkey_that_was_copied_is_noticed_by_its_count(served: Served) -> None:
    with served.signed_in("ben") as ben, served.browser() as other:
        device = enrolled(ben, served.url)
        copy = Authenticator(served.url, id=device.id, key=device.key)
        assert touch(other, device).status_code == touch(other, device).status_code == 200
        assert touch(other, copy).status_code == 403


def test_one_person_cannot_enrol_or_remove_a_passkey_for_another(served: Served) -> None:
    with served.signed_in("ben") as ben, served.signed_in("chris") as chris:
        enrolled(ben, served.url)
        asked = ben.post("/me/passkeys/question").json()
        made = Authenticator(served.url).create(asked)
        assert chris.post("/me/passkeys", data={"answered": made}).status_code == 422
        [key] = served.kontor.passkeys.of("ben")
        chris.post("/me/passkeys/remove", data={"passkey": key.id})
        assert served.kontor.passkeys.of("ben") == [key]


def test_who_signs_out_is_out_here_or_elsewhere_or_everywhere(served: Served) -> None:
    with served.signed_in("ben") as here, served.signed_in("ben") as there, served.signed_in("ben") as third:
        assert here.post("/leave").headers["location"] == "/enter"
        assert here.get("/me").status_code == 303
        sessions = served.kontor.sessions.of("ben", datetime.now(UTC))
        assert len(sessions) == 2
        there.post("/me/sessions/end", data={"session": sessions[0].id})
        assert len(served.kontor.sessions.of("ben", datetime.now(UTC))) == 1
        for browser in (there, third):
            browser.post("/me/sessions/end", data={"session": "all"})
        assert served.kontor.sessions.of("ben", datetime.now(UTC)) == []


def test_who_was_invited_came_in_and_has_a_passkey_is_on_record(served: Served) -> None:
    with served.signed_in("ben") as ben:
        enrolled(ben, served.url)
        [key] = served.kontor.passkeys.of("ben")
        ben.post("/me/passkeys/remove", data={"passkey": key.id})
    kept = served.kontor.episodes.of_case(OF_STAFF)
    assert [episode.kind for episode in kept] == [
        "invited",
        "signed_in",
        "passkey_enrolled",
        "passkey_removed",
    ]
    assert all(episode.data["person"] == "ben" for episode in kept)


def test_too_many_attempts_from_one_address_are_turned_away(served: Served) -> None:
    with served.browser() as browser:
        answers = [browser.post("/enter/guessed").status_code for _ in range(32)]
    assert (answers[0], answers[-1]) == (410, 429)


@pytest.fixture
def sessions(engine: Engine) -> SqlSessions:
    """On both engines."""
    return SqlSessions(journal(engine))


def test_a_session_ends_when_it_is_not_used_and_in_any_case_after_a_week(sessions: SqlSessions) -> None:
    idle = sessions.begin("ben", "passkey", "a browser", NOW)
    assert sessions.find(idle, NOW + IDLE - HOUR)
    assert sessions.find(idle, NOW + 2 * IDLE - HOUR - HOUR), "it was used, so it goes on"
    assert sessions.find(idle, NOW + 4 * IDLE) is None

    busy, now = sessions.begin("ben", "passkey", "a browser", NOW), NOW
    while now < NOW + LONGEST - HOUR:
        now += HOUR
        assert sessions.find(busy, now)
    assert sessions.find(busy, NOW + LONGEST) is None


def test_of_what_a_browser_or_a_link_holds_only_a_hash_is_kept(sessions: SqlSessions, engine: Engine) -> None:
    invitation = sessions.invite("ben", "anna", NOW, HOUR)
    session = sessions.accept(invitation, "a browser", NOW)
    assert session is not None
    with engine.connect() as connection:
        kept = "".join(
            str(connection.exec_driver_sql(f"select * from {table}").all())
            for table in ("sessions", "invitations", "episodes")
        )
    assert invitation not in kept
    assert session not in kept


def test_of_two_who_use_one_link_at_once_one_gets_in(sessions: SqlSessions) -> None:
    link = sessions.invite("ben", "anna", NOW, HOUR)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: sessions.accept(link, "a browser", NOW), range(8)))
    assert len([secret for secret in found if secret]) == 1

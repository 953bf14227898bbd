"""Who comes in by a password, where an office lets them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bootstrap.installation import Installation
from console.password import MOST_A_PERSON
from memory.authoritative.staff_episodes import OF_STAFF
from memory.database import reading
from memory.tables.passwords import PasswordRow
from tests.console.browser import Served, serving
from tests.console.events import dismiss

WORDS = "four words or five <b>"


@pytest.fixture
def served(kontor: Installation) -> Iterator[Served]:
    kontor.settings = kontor.settings.model_copy(update={"passwords": True})
    with serving(kontor) as found:
        yield found


def enter(browser: httpx.Client, words: str, person: str = "ben", to: str = "/cases") -> httpx.Response:
    return browser.post("/enter/password", data={"person": person, "password": words, "to": to})


def with_password(served: Served, words: str = WORDS) -> None:
    with served.signed_in("ben") as ben:
        assert ben.post("/me/password", data={"password": words}).status_code == 303


def test_who_came_in_by_a_link_sets_a_password_and_comes_back_by_it(served: Served) -> None:
    with_password(served)
    with served.browser() as ben:
        assert 'name="password"' in ben.get("/enter").text
        assert enter(ben, WORDS).headers["location"] == "/cases"
        assert "<h1>Ben</h1>" in ben.get("/me").text
    with reading(served.kontor.database) as session:
        row = session.get(PasswordRow, "ben")
    assert row is not None
    assert row.digest.startswith("$argon2id$")
    kinds = [each.kind for each in served.kontor.episodes.of_case(OF_STAFF)]
    assert kinds == ["invited", "signed_in", "password_set", "signed_in"]
    assert served.kontor.people.anybody(), "from now on nobody's bare word counts"


def test_a_wrong_word_a_wrong_name_and_nobodys_are_told_the_same(served: Served) -> None:
    with_password(served)
    with served.browser() as thief:
        told = {
            enter(thief, words, person).text
            for words, person in ((WORDS + "!", "ben"), (WORDS, "x"), ("", ""))
        }
        assert len(told) == 1
        assert enter(thief, WORDS, "anna").status_code == 403, "she has none"
        assert thief.get("/me").status_code == 303


def test_at_one_name_so_many_attempts_a_minute_are_answered_and_no_more(served: Served) -> None:
    with_password(served)
    with served.browser() as thief:
        answers = [enter(thief, f"a guess, number {number}").status_code for number in range(MOST_A_PERSON)]
        assert answers == [403] * MOST_A_PERSON
        assert enter(thief, WORDS).status_code == 429, "not even the right one"
        assert thief.post(served.link("ben")).status_code == 303, "a link lets in meanwhile"


def test_a_password_is_changed_with_the_one_before_and_ends_the_other_sessions(served: Served) -> None:
    with_password(served)
    with served.browser() as here, served.browser() as there:
        enter(here, WORDS)
        enter(there, WORDS)
        other = "quite another sentence"
        assert here.post("/me/password", data={"password": other}).status_code == 403
        assert here.post("/me/password", data={"password": other, "before": "x"}).status_code == 403
        assert here.post("/me/password", data={"password": other, "before": WORDS}).status_code == 303
        assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 303)
        assert (enter(there, WORDS).status_code, enter(there, other).status_code) == (403, 303)


def test_who_forgot_theirs_gets_a_link_and_sets_another_while_it_is_fresh(served: Served) -> None:
    with_password(served)
    with_password(served, "set by a second link")
    with served.browser() as ben:
        assert (enter(ben, WORDS).status_code, enter(ben, "set by a second link").status_code) == (403, 303)
    late = datetime.now(UTC) - timedelta(minutes=16)
    secret = served.kontor.sessions.begin("ben", "link", "a browser", late)
    with served.browser() as old:
        old.cookies.set(f"kontor-{served.kontor.identity.id[:8]}", secret)
        assert old.post("/me/password", data={"password": "of a stolen session"}).status_code == 403


@pytest.mark.parametrize("words", ["", "short", "a" * 20, "x" * 2000])
def test_what_is_no_password_is_said_why(served: Served, words: str) -> None:
    with served.signed_in("ben") as ben:
        assert ben.post("/me/password", data={"password": words}).status_code == 422
    assert served.kontor.passwords is not None
    assert not served.kontor.passwords.has("ben")


def test_a_password_that_was_removed_and_one_of_who_left_open_nothing(served: Served) -> None:
    with_password(served)
    with served.browser() as ben:
        dismiss(served.kontor, "ben")
        assert enter(ben, WORDS).status_code == 403
    with served.signed_in("anna") as anna, served.browser() as again:
        anna.post("/me/password", data={"password": WORDS})
        anna.post("/me/password/remove")
        assert enter(again, WORDS, "anna").status_code == 403


def test_where_it_is_not_switched_on_there_is_no_such_way(kontor: Installation) -> None:
    with serving(kontor) as plain, plain.signed_in("ben") as ben:
        assert ben.post("/me/password", data={"password": WORDS}).status_code == 404
        assert "Your password" not in ben.get("/me").text
        with plain.browser() as out:
            assert enter(out, WORDS).status_code == 410, "it is no link either"
            assert 'name="password"' not in out.get("/enter").text

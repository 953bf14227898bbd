"""Who comes in by the office's OpenID provider: a real one in small, asked over a socket."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from cli.doctor.machine import openid
from console.proving import HOW
from contracts.office import office_files
from memory.authoritative.staff_episodes import OF_STAFF
from settings import Settings, SettingsInvalid, settings
from tests.conftest import ROOT
from tests.console.browser import Served, serving
from tests.console.events import NOW, dismiss
from tests.console.openid_server import CLIENT, SECRET, Provider, provider

BEN: dict[str, Any] = {"sub": "4711", "email": "Ben@shop.example", "email_verified": True}


@pytest.fixture
def login() -> Iterator[Provider]:
    with provider() as found:
        found.claims = BEN
        yield found


@pytest.fixture
def served(tmp_path: Path, migrated_file: Path, login: Provider) -> Iterator[Served]:
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(migrated_file, state / "kontor.db")
    (state / "secrets.toml").write_text(f'oidc_client_secret = "{SECRET}"\n')
    (state / "secrets.toml").chmod(0o600)
    own = Settings(
        office=ROOT / "office",
        state=state,
        console_port=free_port(),
        oidc_issuer=login.issuer,
        oidc_client_id=CLIENT,
    )
    with Installation(own) as kontor:
        kontor.releases.put_in_force(office_files(ROOT / "office"), by="a test", at=NOW)
        with serving(kontor) as found:
            yield found


def way_back(browser: httpx.Client, to: str = "/cases") -> str:
    """Go to the provider; returns the address that it leads back to."""
    there = browser.get("/enter/openid", params={"to": to}).headers["location"]
    return httpx.get(there).headers["location"]


def who(browser: httpx.Client) -> str:
    """Return whose page says `You`; empty for nobody's."""
    page = browser.get("/me")
    return page.text.partition("<h1>")[2].partition("</h1>")[0] if page.status_code == 200 else ""


def refused(browser: httpx.Client, address: str) -> str:
    """Come back, and be turned away; returns why."""
    answer = browser.get(address)
    assert answer.status_code == 403, answer.text
    assert who(browser) == ""
    return answer.text


def test_whom_the_provider_vouches_for_comes_in_and_goes_where_they_wanted(served: Served) -> None:
    with served.browser() as ben:
        assert "Sign in by 127.0.0.1" in ben.get("/enter").text
        back = ben.get(way_back(ben))
        assert back.headers["location"] == "/enter?to=%2Fcases"
        assert ben.get("/enter?to=%2Fcases").headers["location"] == "/cases"
        assert who(ben) == "Ben"
        [session] = served.kontor.sessions.of("ben", datetime.now(UTC))
    assert (session.how, HOW[session.how]) == ("oidc", "oidc")
    kinds = [episode.kind for episode in served.kontor.episodes.of_case(OF_STAFF)]
    assert kinds == ["account_bound", "signed_in"]


def test_from_the_first_time_on_only_the_id_counts_whatever_the_mail_says(
    served: Served, login: Provider
) -> None:
    with served.browser() as ben:
        ben.get(way_back(ben))
    login.claims = {"sub": "4711", "email": "anna@shop.example", "email_verified": True}
    with served.browser() as again:
        again.get(way_back(again))
        assert who(again) == "Ben"
    login.claims = {**BEN, "sub": "0815"}
    with served.browser() as successor:
        assert "Nobody on the staff has this account" in refused(successor, way_back(successor))


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "1", "email": "ben@shop.example"},
        {"sub": "1", "email": "ben@shop.example", "email_verified": False},
        {"sub": "1", "email": "ben@shop.example", "email_verified": "true"},
        {"sub": "1", "email": "stranger@shop.example", "email_verified": True},
        {"sub": "1", "email": "", "email_verified": True},
        {"sub": "1"},
    ],
)
def test_a_mail_that_nobody_verified_or_nobody_here_has_lets_nobody_in(
    served: Served, login: Provider, claims: dict[str, Any]
) -> None:
    login.claims = claims
    with served.browser() as browser:
        refused(browser, way_back(browser))
    assert served.kontor.people.of("ben") == []


def test_a_provider_that_tells_the_mail_only_when_it_is_asked_is_asked(
    served: Served, login: Provider
) -> None:
    login.claims, login.userinfo = {"sub": "4711"}, {**BEN, "sub": "another"}
    with served.browser() as browser:
        refused(browser, way_back(browser))
        login.userinfo = BEN
        browser.get(way_back(browser))
        assert who(browser) == "Ben"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-application"},
        {"iss": "http://127.0.0.1:1"},
        {"nonce": "of another sign-in"},
        {"exp": int(time.time()) - 3600},
        {"at_hash": "of another token"},
    ],
)
def test_a_token_for_others_of_another_time_or_of_another_sign_in_lets_nobody_in(
    served: Served, login: Provider, claims: dict[str, Any]
) -> None:
    login.claims = {**BEN, **claims}
    with served.browser() as browser:
        assert "not in order" in refused(browser, way_back(browser))


def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(served: Served, login: Provider) -> None:
    login.signs = ECKey.generate_key("P-256", {"kid": "one"})
    with served.browser() as browser:
        refused(browser, way_back(browser))


def test_what_one_browser_began_another_cannot_end_and_nothing_counts_twice(served: Served) -> None:
    with served.browser() as ben, served.browser() as thief:
        address = way_back(ben)
        way_back(thief)
        refused(thief, address)
        bare = address.replace("state=", "state=x")
        assert "answers nothing" in refused(ben, bare)
        assert ben.get(address).status_code == 303
        ben.cookies.delete(f"kontor-{served.kontor.identity.id[:8]}")
        refused(ben, address)
    kinds = [episode.kind for episode in served.kontor.episodes.of_case(OF_STAFF)]
    assert "turned_away" in kinds


def test_a_code_that_was_caught_on_its_way_is_worth_nothing_without_the_browser_that_began(
    served: Served,
) -> None:
    with served.browser() as ben, served.browser() as thief:
        caught = httpx.URL(way_back(ben)).params["code"]
        own = httpx.URL(way_back(thief))
        why = refused(thief, str(own.copy_set_param("code", caught)))
    assert "invalid_grant" in why


def test_who_left_the_staff_is_out_whatever_the_provider_says(served: Served) -> None:
    with served.browser() as ben:
        ben.get(way_back(ben))
        dismiss(served.kontor, "ben")
        assert who(ben) == ""
        refused(ben, way_back(ben))


def test_an_account_that_is_unbound_lets_nobody_in_until_its_mail_is_known_again(
    served: Served, login: Provider
) -> None:
    with served.browser() as ben:
        ben.get(way_back(ben))
    [account] = served.kontor.people.of("ben")
    assert account.credential == f"{login.issuer}#4711"
    assert served.kontor.people.dismiss("ben", "oidc", account.credential)
    login.claims = {**BEN, "email_verified": False}
    with served.browser() as ben:
        refused(ben, way_back(ben))


def test_how_long_ago_somebody_showed_the_provider_who_they_are_is_known(
    served: Served, login: Provider
) -> None:
    login.claims = {**BEN, "auth_time": int(time.time()) - 7200}
    with served.browser() as ben:
        ben.get(way_back(ben))
    now = datetime.now(UTC)
    [session] = served.kontor.sessions.of("ben", now)
    assert 7100 < (now - session.proved_at).total_seconds() < 7400


def test_a_provider_that_is_away_says_so_and_the_doctor_names_it(tmp_path: Path, served: Served) -> None:
    own = served.kontor.settings.model_copy(update={"oidc_issuer": f"http://127.0.0.1:{free_port()}"})
    assert [each.state for each in openid(served.kontor)] == ["ok"]
    with Installation(own.model_copy(update={"console_port": free_port()})) as kontor:
        [finding] = openid(kontor)
        assert (finding.state, "KONTOR_OIDC_ISSUER" in finding.advice) == ("bad", True)
        with serving(kontor) as away, away.browser() as browser:
            assert browser.get("/enter/openid").status_code == 502
            assert browser.post(away.link("ben")).status_code == 303, "a link lets in meanwhile"


@pytest.mark.parametrize(
    ("issuer", "client", "said"),
    [
        ("http://login.example", "kontor", "KONTOR_OIDC_ISSUER: write the provider's issuer"),
        ("login.example", "kontor", "KONTOR_OIDC_ISSUER: write the provider's issuer"),
        ("https://login.example?x=1", "kontor", "KONTOR_OIDC_ISSUER: write the provider's issuer"),
        ("https://login.example", "", "KONTOR_OIDC_ISSUER and KONTOR_OIDC_CLIENT_ID go together"),
        ("", "kontor", "KONTOR_OIDC_ISSUER and KONTOR_OIDC_CLIENT_ID go together"),
    ],
)
def test_half_a_provider_or_one_that_anybody_on_the_way_can_read_is_refused_in_words(
    issuer: str, client: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KONTOR_OIDC_ISSUER", issuer)
    monkeypatch.setenv("KONTOR_OIDC_CLIENT_ID", client)
    settings.cache_clear()
    with pytest.raises(SettingsInvalid, match=said):
        settings()
    settings.cache_clear()


def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    with Installation(Settings(office=ROOT / "office", state=tmp_path)) as kontor:
        assert kontor.openid is None
        assert openid(kontor) == []

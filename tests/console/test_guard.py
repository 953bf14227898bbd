"""What every request passes: whose it is not, where it may come from, and what every answer carries."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest

from console.assets import FOLDER
from console.attempts import WITHIN_SECONDS, Attempts
from console.guard import CONTENT_POLICY
from console.rendering import TEMPLATES
from console.visit import local
from settings import Settings, SettingsInvalid, settings
from tests.console.browser import Served

ELSEWHERE = "https://evil.example"


@pytest.mark.parametrize("path", ["/me", "/enter", "/nowhere", "/static/x/kontor.css", "/healthz", "/events"])
def test_every_answer_carries_the_security_headers(served: Served, path: str) -> None:
    with served.browser() as browser:
        headers = browser.get(path).headers
    assert headers["content-security-policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert "frame-ancestors 'none'" in CONTENT_POLICY
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ELSEWHERE},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": "OURS"},
        {},
    ],
    ids=str,
)
def test_a_form_that_a_page_of_somebody_else_sends_changes_nothing(
    served: Served, headers: dict[str, str]
) -> None:
    with served.signed_in("ben") as ben:
        del ben.headers["origin"]
        sent = {name: served.url if value == "OURS" else value for name, value in headers.items()}
        assert ben.post("/leave", headers=sent).status_code == 403
        assert ben.get("/me").status_code == 200


def test_a_form_of_ours_is_taken_from_a_browser_that_names_no_origin(served: Served) -> None:
    with served.signed_in("ben") as ben:
        del ben.headers["origin"]
        assert ben.post("/leave", headers={"sec-fetch-site": "same-origin"}).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", ""])
def test_a_strangers_name_that_was_made_to_lead_here_is_turned_away(served: Served, host: str) -> None:
    with served.signed_in("ben") as ben:
        assert ben.get("/me", headers={"host": host}).status_code == 421
        assert ben.get("/readyz", headers={"host": host}).status_code == 200, "a monitor asks by any name"


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(served: Served) -> None:
    with served.browser() as browser:
        cookie = browser.post(served.link("ben")).headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_behind_https_the_cookie_is_bound_to_host_and_https(served: Served) -> None:
    from console.application import console_of  # noqa: PLC0415 (one test's)

    own = served.kontor.settings.model_copy(update={"console_url": "https://kontor.example"})
    served.kontor.settings = own
    console = console_of(served.kontor)
    assert console.secure
    assert console.cookie.startswith("__Host-")


def test_a_link_from_another_site_leads_in_through_a_page_of_ours(served: Served) -> None:
    with served.signed_in("ben") as ben:
        came = {"sec-fetch-site": "cross-site"}
        without = httpx.get(f"{served.url}/enter?to=/me", headers=came)
        assert 'content="0;url=/enter?again=1&amp;to=/me"' in without.text
        assert ben.get("/enter?again=1&to=/me").headers["location"] == "/me"


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a\nb", ""]
)
def test_nobody_is_led_to_another_site(to: str) -> None:
    assert local(to) == "/"


@pytest.mark.parametrize("to", ["/me", "/cases/returns/webshop/RMA-1?x=1&y=a%20b"])
def test_everybody_is_led_back_to_where_they_wanted_to_go(to: str) -> None:
    assert local(to) == to


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join([b"a=1"] * 601), "application/x-www-form-urlencoded", 400),
        (b"a=\xff%ff", "application/x-www-form-urlencoded", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
    ],
    ids=["too long", "too many fields", "no text", "a file"],
)
def test_what_is_no_form_of_ours_is_turned_away(served: Served, body: bytes, kind: str, status: int) -> None:
    with served.signed_in("ben") as ben:
        assert ben.post("/leave", content=body, headers={"content-type": kind}).status_code == status
        assert ben.get("/me").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/static/../guard.py", "/static/x/../../settings.py", "/static/%2e%2e/settings.py", "/..%2fsettings.py"],
)
def test_no_path_leads_out_of_the_pages(served: Served, path: str) -> None:
    with served.signed_in("ben") as ben:
        assert ben.get(path).status_code == 404


def test_what_pages_are_drawn_with_is_kept_for_ever_under_its_content(served: Served) -> None:
    with served.browser() as browser:
        page = browser.get("/enter").text
        named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        answers = [browser.get(name) for name in named]
    assert len(named) == 5
    assert {answer.status_code for answer in answers} == {200}
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)


def test_what_others_wrote_is_byte_for_byte_what_its_list_says() -> None:
    told = dict(re.findall(r"\| `([\w.]+)` .*\| `([0-9a-f]{64})` \|", (FOLDER / "README.md").read_text()))
    assert set(told) == {"htmx.js", "inter.woff2"}
    for name, digest in told.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.html")), ids=lambda file: file.name)
def test_no_template_holds_a_script_a_style_or_an_address_of_its_own(file: Path) -> None:
    text = file.read_text()
    assert (
        re.findall(
            r"<style|<script(?![^>]*src=)|\sstyle=|\son[a-z]+=|javascript:|https?://(?!www\.w3\.org)", text
        )
        == []
    )
    assert "|safe" not in text


def test_of_many_addresses_the_quiet_ones_are_forgotten_and_a_minute_later_all_may_knock_again() -> None:
    now = [0.0]
    attempts = Attempts(most=2, clock=lambda: now[0])
    assert [attempts.too_many("a") for _ in range(3)] == [False, False, True]
    assert not attempts.too_many("b")
    now[0] = WITHIN_SECONDS
    assert not attempts.too_many("a")


@pytest.mark.parametrize("url", ["kontor.example", "ftp://kontor.example", "https://kontor.example/console"])
def test_an_address_of_the_console_that_is_no_origin_is_refused_in_words(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KONTOR_CONSOLE_URL", url)
    settings.cache_clear()
    with pytest.raises(SettingsInvalid, match="KONTOR_CONSOLE_URL: write scheme and host"):
        settings()
    settings.cache_clear()
    assert Settings(console_url="https://kontor.example/").console_origin == "https://kontor.example"

"""Planted secrets and personal data are taken out; what the office needs to read stays in."""

import logging
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.redaction import RedactingFilter, Redactor
from tests.conftest import ROOT
from tests.memory.semantic.spellings import NOT_FOUND, SEEN, STAYS, UNSEEN

REDACT = Redactor()


@pytest.mark.parametrize(
    ("planted", "kept"),
    [
        ("my key is AKIAIOSFODNN7EXAMPLQ ok", "my key is [secret] ok"),
        ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a", "token [secret]"),
        ("use xoxb-123456789012-1234567890123-abcdefghijklmnopqrstuvwx", "use [secret]"),
        ("key AIzaSyA1234567890abcdefghijklmnopqrstuv.", "key [secret]."),
        ("vault hvs.CAESIJ1234567890abcdefGHIJKLMNOP", "vault [secret]"),
        ("https://bob:pa55w0rd@shop.example/x", "https://bob:[secret]@shop.example/x"),
        (
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0",
            "[secret]",
        ),
        ("password: hunter2secret9 please", "password: [secret] please"),
        ("my password is Tr0ub4dor&3, thanks", "my password is [secret], thanks"),
        ("Mein Passwort lautet geheim99!", "Mein Passwort lautet [secret]"),
        ("api_key = 'not-so-secret-value'", "api_key = '[secret]'"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nq8Zb\n-----END RSA PRIVATE KEY----- b",
            "a [secret] b",
        ),
        ("a -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "a [secret]"),
        ("pay to DE89 3704 0044 0532 0130 00 please", "pay to [iban] please"),
        ("card 4111 1111 1111 1111, 12/27", "card [card], 12/27"),
        ("write anna.meier+x@example.co.uk or", "write [email] or"),
        ("call 0171 2345678 or +1 202-555-0143", "call [phone] or [phone]"),
        ("Hauptstraße 12a, 10115 Berlin, 2. Stock", "[address], 2. Stock"),
        ("at 1600 Pennsylvania Avenue NW, Washington, DC 20500 now", "at [address] now"),
    ],
)
def test_what_must_not_be_kept_is_replaced_by_its_kind(planted: str, kept: str) -> None:
    assert REDACT(planted) == kept


@pytest.mark.parametrize(
    "needed",
    [
        "Order W-1001, case returns/webshop/RMA-1007, delivered 2026-05-04 12:30",
        "effect refund-3f2a9c8d7b6e5f4a3b2c1d0e9f8a7b6c applied",
        "memory 550e8400-e29b-41d4-a716-446655440000",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "article 4006381333931 costs 1299 cents, invoice 536365",
        "The password must be changed; a secret: we love our users",
        "Room 12 in the main street was closed in 1994",
        "post:2015-03-12-day-in-the-life-of-an-18F-content-designer.md#what-I-do-all-day",
    ],
)
def test_what_the_office_needs_is_left_as_it_is(needed: str) -> None:
    assert REDACT(needed) == needed


@pytest.mark.parametrize(("kind", "spelling"), SEEN + UNSEEN)
def test_however_it_is_written_it_is_found_and_nothing_beside_it(kind: str, spelling: str) -> None:
    assert REDACT(re.sub("[«»]", "", spelling)) == re.sub("«.*»", f"[{kind}]", spelling, flags=re.S)


@pytest.mark.parametrize(("_kind", "spelling"), NOT_FOUND)
def test_what_is_not_found_is_known(_kind: str, spelling: str) -> None:
    written = re.sub("[«»]", "", spelling)
    assert REDACT(written) == written


@pytest.mark.parametrize("needed", STAYS)
def test_orders_articles_amounts_and_dates_stay(needed: str) -> None:
    assert REDACT(needed) == needed


@given(st.text(alphabet=st.characters() | st.sampled_from(" \t-@.+0a\u0301\u200b\u00a0"), max_size=80))
def test_whatever_stands_around_a_finding_is_left_as_it_was_written(around: str) -> None:
    shown = REDACT.redact(f"{around}\n anna@example.com \n{around}")
    assert shown.found["email"] >= 1
    if shown.found == {"email": 1}:
        assert shown.text == f"{around}\n [email] \n{around}"


def test_findings_are_counted_by_kind_and_redacting_again_changes_nothing() -> None:
    once = REDACT.redact("a@example.com and b@example.com, password: hunter2secret9")
    assert once.found == {"email": 2, "secret": 1}
    assert REDACT.redact(once.text).text == once.text


IN_A_SANDBOX = """
import builtins, sys
from memory.redaction import Redactor
redact = Redactor()
def refused(name, *_): raise ImportError(name)
builtins.__import__ = refused
print(redact(sys.argv[1]))
"""


def test_redacting_imports_nothing_because_a_workflow_logs_inside_its_sandbox() -> None:
    said = "anna@example.com, +81 3-1234-5678, DE89 3704 0044 0532 0130 00, password: hunter2secret9"
    ran = subprocess.run(
        [sys.executable, "-c", IN_A_SANDBOX, said], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (ran.stdout.strip(), ran.stderr) == (
        "[email], [phone], [iban], password: [secret]",
        "",
    )


def test_a_million_letters_without_a_space_do_not_hold_the_worker_up() -> None:
    # Before its parts had lengths, the pattern for mail addresses took half an hour for this.
    assert REDACT("a" * 1_000_000 + " anna@example.com").endswith("a [email]")


@pytest.mark.parametrize(
    "pattern",
    ["a@", "token=", "password:", "DE12 ", "12 Aa ", "straße 1 ", "e\u0301\u00a0", "\u0301", "(at) "],
)
def test_what_is_repeated_a_hundred_thousand_times_is_redacted_at_all(pattern: str) -> None:
    # With a cost of the length squared, each of these takes minutes.
    assert REDACT(pattern * (100_000 // len(pattern)) + " \n\n anna@example.com").endswith("]")


def test_of_a_huge_message_the_log_gets_both_ends_and_neither_secret() -> None:
    text = "password: hunter2secret9 " + "word " * 100_000 + "anna@example.com"
    record = logging.LogRecord("kontor", logging.ERROR, __file__, 1, text, None, None)
    RedactingFilter(REDACT).filter(record)
    said = record.getMessage()
    assert said.startswith("password: [secret] word")
    assert said.endswith("word [email]")
    assert "characters left out" in said
    assert len(said) < 25_000


def test_no_planted_secret_reaches_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("kontor.tests.redaction")
    filter_ = RedactingFilter(REDACT)
    logger.addFilter(filter_)
    try:
        logger.warning("customer %s sent %s", "anna@example.com", "AKIAIOSFODNN7EXAMPLQ")
        try:
            raise ValueError("token ghp_16C7e42F292c6912E7710c838347Ae178B4a")
        except ValueError:
            logger.exception("failed")
    finally:
        logger.removeFilter(filter_)
    assert "customer [email] sent [secret]" in caplog.text
    assert "ValueError: token [secret]" in caplog.text
    for planted in ("anna@", "AKIA", "ghp_"):
        assert planted not in caplog.text

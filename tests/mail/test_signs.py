"""Who or what wrote a mail: its headers may keep Kontor from answering, and nothing else."""

import pytest

from mail.message import Mail
from mail.reading import read_mail
from mail.signs import Machine, Written, written_by

OWN = frozenset({"service@example.com"})
REPORT = "multipart/report; report-type=delivery-status; boundary=x"


def written(*headers: str, sender: str = "anna@example.org") -> Written:
    read = read_mail("\n".join([f"From: {sender}", *headers, "", "hi"]).encode())
    assert isinstance(read, Mail)
    return written_by(read, OWN)


@pytest.mark.parametrize(
    ("headers", "machine"),
    [
        (["Auto-Submitted: auto-replied"], Machine.AUTOMATIC),
        (["Auto-Submitted: auto-generated; owner=x"], Machine.AUTOMATIC),
        (["X-Autoreply: yes"], Machine.AUTOMATIC),
        (["X-Auto-Response-Suppress: OOF, AutoReply"], Machine.AUTOMATIC),
        (["Return-Path: <>"], Machine.AUTOMATIC),
        (["Precedence: Bulk"], Machine.LIST),
        (["List-Id: <news.example.org>"], Machine.LIST),
        (["List-Unsubscribe: <mailto:off@example.org>"], Machine.LIST),
        (["Subject: Automatic reply: your order"], Machine.UNATTENDED),
        (["Subject: Abwesenheitsnotiz: Urlaub"], Machine.UNATTENDED),
        (["X-Loop: service@example.com"], Machine.OWN),
        (["X-Failed-Recipients: bob@example.org"], Machine.DELIVERY_REPORT),
        ([f"Content-Type: {REPORT}"], Machine.DELIVERY_REPORT),
    ],
)
def test_a_machine_is_known_by_its_headers(headers: list[str], machine: Machine) -> None:
    assert written(*headers).machine is machine


@pytest.mark.parametrize(
    ("sender", "machine"),
    [
        ("MAILER-DAEMON@mx.example.org", Machine.DELIVERY_REPORT),
        ("no-reply@shop.example", Machine.UNATTENDED),
        ("Do_Not.Reply@shop.example", Machine.UNATTENDED),
        ("Kontor <Service+a1b2@example.com>", Machine.OWN),
        ("", Machine.UNATTENDED),
    ],
)
def test_a_machine_is_known_by_its_address(sender: str, machine: Machine) -> None:
    assert written(sender=sender).machine is machine


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Auto-Submitted: no"],
        ["Subject: Out of office chairs, when will you have some?"],
        ["Subject: no reply to my last mail"],
        ["Return-Path: <anna@example.org>"],
        ["Precedence: first-class"],
        ["X-Auto-Response-Suppress: DR, RN"],
    ],
)
def test_a_person_is_none(headers: list[str]) -> None:
    assert written(*headers) == Written()


def test_a_delivery_report_is_one_although_it_is_automatic_too() -> None:
    said = written("Auto-Submitted: auto-replied", "Return-Path: <>", f"Content-Type: {REPORT}")
    assert said.machine is Machine.DELIVERY_REPORT


def test_a_delivery_report_names_the_mail_that_it_is_about() -> None:
    raw = f"""From: MAILER-DAEMON@mx.example.org
Content-Type: {REPORT}

--x

It could not be delivered.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; anna@example.org
--x
Content-Type: text/rfc822-headers

Message-ID: <ours@example.com>
Subject: Your return
--x--
"""
    read = read_mail(raw.encode())
    assert isinstance(read, Mail)
    assert read.references == ("ours@example.com",)

"""A mail is read whatever it is, within bounds; what is none comes back with its reason."""

import base64
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.headers import MOST_ADDRESSES
from mail.message import Mail, Unreadable
from mail.parts import LONGEST_TEXT_CHARS
from mail.reading import MOST_PARTS, read_mail


def mail(raw: bytes) -> Mail:
    found = read_mail(raw)
    assert isinstance(found, Mail), found
    return found


def letter(**headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Anna Berg <Anna@Example.org>"
    made["To"] = "service@example.com"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    return made


def test_a_letter_is_read_with_its_people_its_thread_its_text_and_what_hangs_on_it() -> None:
    made = letter(
        Subject="Rücksendung", Date="Mon, 30 Nov 2026 10:00:00 +0100", Message_ID="<one@example.org>"
    )
    made["Cc"] = "bob@example.org, service@example.com"
    made["In-Reply-To"] = "<zero@example.com>"
    made["References"] = "<first@example.com> <zero@example.com>"
    made.set_content("Guten Tag,\nder Wasserkocher leckt.\n")
    made.add_alternative("<p>Guten Tag</p>", subtype="html")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="beleg.pdf")

    found = mail(made.as_bytes())

    assert (found.sender.address, found.sender.name) == ("anna@example.org", "Anna Berg")
    assert [each.address for each in found.recipients] == ["service@example.com", "bob@example.org"]
    assert found.date is not None
    assert found.date.isoformat() == "2026-11-30T09:00:00+00:00"
    assert (found.subject, found.message_id) == ("Rücksendung", "one@example.org")
    assert found.in_reply_to == ("zero@example.com",)
    assert found.references == ("first@example.com", "zero@example.com")
    assert found.text == "Guten Tag,\nder Wasserkocher leckt."
    [receipt] = found.attachments
    assert (receipt.name, receipt.type, receipt.size) == ("beleg.pdf", "application/pdf", 4)


def test_of_a_mail_in_html_alone_its_reader_s_text_is_read_and_quotations_stay_marked() -> None:
    made = letter(Subject="Kettle")
    made.set_content(
        "<p>It leaks.</p><blockquote>How is it?</blockquote><script>x()</script>", subtype="html"
    )
    lines = [line.strip() for line in mail(made.as_bytes()).text.splitlines() if line.strip()]
    assert lines == ["It leaks.", "> How is it?"]


def test_an_empty_plain_part_does_not_hide_what_the_html_says() -> None:
    made = letter()
    made.set_content(" \n")
    made.add_alternative("<p>It leaks.</p>", subtype="html")
    assert mail(made.as_bytes()).text.strip() == "It leaks."


def test_two_deliveries_of_one_mail_have_one_content_and_two_digests() -> None:
    made = letter(Subject="Kettle", Date="Mon, 30 Nov 2026 10:00:00 +0100")
    made.set_content("It leaks.")
    first = mail(b"Received: by one\r\n" + made.as_bytes())
    second = mail(b"Received: by two\r\nDelivered-To: shop@example.com\r\n" + made.as_bytes())
    assert first.content == second.content
    assert first.digest != second.digest


def test_a_text_that_lies_about_its_charset_is_read_as_what_it_is() -> None:
    head = b"From: a@b.c\nContent-Type: text/plain; charset=%s\n\n"
    assert mail(head % b"us-ascii" + "zurück".encode()).text == "zurück"
    assert mail(head % b"utf-8" + "zurück".encode("latin-1")).text == "zurück"
    assert mail(head % b"no-such-charset" + "zurück".encode()).text == "zurück"
    assert mail(head % b"unicode_escape" + rb"\x41").text == r"\x41"


def test_a_header_that_holds_another_one_stays_one_line_and_makes_no_header() -> None:
    found = mail(b"From: a@b.c\nSubject: =?utf-8?q?Hi=0D=0ABcc:_x@y.z=00?=\n\nhi")
    assert found.subject == "Hi Bcc: x@y.z"
    assert found.recipients == ()


def test_bare_carriage_returns_and_nul_end_no_line_early_and_reach_no_record() -> None:
    found = mail(b"From: a@b.c\r\nSubject: x\r\n\r\none\rtwo\x00\x1b[31m\r\nthree\r\n")
    assert found.text == "one\ntwo[31m\nthree"


def test_a_file_s_name_is_one_line_and_only_a_name() -> None:
    made = letter()
    made.set_content("see there")
    made.add_attachment(b"x", maintype="application", subtype="pdf", filename="../../etc/pass\u202ewd")
    assert "\n" not in mail(made.as_bytes()).attachments[0].name


def test_a_date_that_is_none_is_none() -> None:
    for date in (b"yesterday", b"Mon, 99 Foo 99999 99:99:99 +9999", b""):
        found = read_mail(b"From: a@b.c\nDate: " + date + b"\n\nhi")
        assert isinstance(found, Mail)
        assert found.date is None, date


def test_of_ten_thousand_recipients_a_hundred_are_named_and_all_counted() -> None:
    many = ", ".join(f"someone{number}@example.com" for number in range(10_000))
    found = mail(f"From: a@b.c\nTo: {many}\n\nhi".encode())
    assert found.recipient_count == 10_000
    assert len(found.recipients) <= MOST_ADDRESSES
    assert "recipients" in found.left_out[0]


def test_an_attachment_of_fifty_megabytes_is_measured_and_not_kept() -> None:
    body = base64.encodebytes(bytes(50_000_000))
    head = b"From: a@b.c\nContent-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n\n"
    [big] = mail(head + body).attachments
    assert (big.name, big.size) == ("big.zip", 50_000_000)


def test_what_is_longer_than_any_mail_is_refused_before_it_is_taken_apart() -> None:
    found = read_mail(b"From: a@b.c\n\n" + bytes(80_000_001))
    assert isinstance(found, Unreadable)
    assert found.why == "it is longer than 80 MB"


def nested(depth: int) -> bytes:
    parts = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return b"From: a@b.c\n" + b"".join(parts) + b"\nhi\n"


HOSTILE = {
    "parts in parts in parts": nested(3_000),
    "fifty thousand parts": b"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n"
    + b"--x\n\nhi\n" * 50_000,
    "mails in mails": b"From: a@b.c\n" + b"Content-Type: message/rfc822\n\n" * 3_000 + b"\nhi",
    "brackets in an address": b"To: " + b"(" * 100_000 + b"\n\nhi",
    "quotes in an address": b"To: " + b'"' * 100_000 + b"\n\nhi",
    "commas": b"To: " + b"," * 1_000_000 + b"\n\nhi",
    "an id of brackets": b"Message-ID: " + b"<" * 100_000 + b"\n\nhi",
    "a million references": b"References: " + b"<a@b> " * 1_000_000 + b"\n\nhi",
    "parameters": b"Content-Type: text/plain; " + b'a*0="b";' * 100_000 + b"\n\nhi",
    "encoded words": b"Subject: " + b"=?utf-8?q?=41?= " * 100_000 + b"\n\nhi",
    "a header of ten megabytes": b"X-Long: " + b"x" * 10_000_000 + b"\nFrom: a@b.c\n\nhi",
    "ten thousand headers": b"".join(b"To: x%d@y.z\n" % n for n in range(10_000)) + b"\nhi",
    "tags in tags": b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"hi",
    "quotations in quotations": b"Content-Type: text/html\n\n" + b"<blockquote>" * 2_000 + b"hi",
    "no boundary": b"Content-Type: multipart/mixed\n\n--\n\nhi",
    "half an encoding": b"Content-Transfer-Encoding: base64\n\n!!!a",
    "a boundary of nothing": b'Content-Type: multipart/mixed; boundary=""\n\n--\n\nhi\n----\n',
    "surrogates": "From: \udcff@b.c\nSubject: \udcff\n\nhi".encode("utf-8", "surrogatepass"),
    "only blanks": b" \n \n",
    "nothing": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_mail_is_read_within_bounds_or_refused_with_a_reason(raw: bytes) -> None:
    found = read_mail(raw)
    if isinstance(found, Unreadable):
        assert found.why.startswith(("it has", "it is", "more than"))
    else:
        assert len(found.text) <= LONGEST_TEXT_CHARS
        found.model_dump_json().encode()  # no half character is in it


def test_a_mail_of_more_parts_than_are_read_says_how_many_those_are() -> None:
    found = read_mail(HOSTILE["fifty thousand parts"])
    assert isinstance(found, Unreadable)
    assert found.why == f"it has more than {MOST_PARTS} parts"


def odd_mails() -> list[Path]:
    """Python's own, where its tests are installed."""
    found = find_spec("test.test_email")
    places = found.submodule_search_locations if found else None
    return sorted(Path(place, "data") for place in places or ())


@pytest.mark.skipif(not odd_mails(), reason="Python's tests are not installed with this Python")
def test_python_s_own_odd_mails_end_as_a_mail_or_with_a_reason() -> None:
    files = sorted(file for folder in odd_mails() for file in folder.glob("*.txt"))
    read = {file.name: read_mail(file.read_bytes()) for file in files}
    unread = {name: each.why for name, each in read.items() if isinstance(each, Unreadable)}
    assert unread == {"msg_19.txt": "it has no headers: it is no mail"}
    assert len(read) > 40


LINES = st.sampled_from(
    [
        b"From: a@b.c\n",
        b"To: (((\n",
        b"Content-Type: multipart/mixed; boundary=x\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/rfc822-headers\n",
        b"Content-Type: text/html; charset=utf-7\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Disposition: attachment; filename*=utf-16''%00\n",
        b"--x\n",
        b"--x--\n",
        b"\n",
        b" folded\n",
        b"=?utf-8?b?//8=?=\n",
        b"Subject: =?x-unknown?q?=ff?=\n",
        b"Date: Thu, 0\n",
        b"References: <a <b> c>\n",
        b"\r",
        b"\x00",
        b"hello\n",
        b"\xff\xfe",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES | st.binary(max_size=30), max_size=40))
def test_whatever_comes_ends_as_a_mail_or_with_a_reason(lines: list[bytes]) -> None:
    found = read_mail(b"".join(lines))
    found.model_dump_json().encode()
    assert isinstance(found, Mail) or found.why

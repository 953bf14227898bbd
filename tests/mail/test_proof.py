"""A sender is proved by our own server's word alone."""

import pytest

from mail.message import Mail
from mail.proof import proved_domain
from mail.reading import read_mail


def proved(*headers: str, sender: str = "anna@one.example", authserv: str = "mx.ours.example") -> str:
    read = read_mail("\n".join([*headers, f"From: {sender}", "", "hi"]).encode())
    assert isinstance(read, Mail)
    return proved_domain(read, authserv)


@pytest.mark.parametrize(
    "said",
    [
        "mx.ours.example; dmarc=pass header.from=one.example",
        "mx.ours.example 1; spf=fail; dkim=pass (key; secure); DMARC=Pass (p=none) header.from=One.Example",
    ],
)
def test_our_server_s_pass_for_the_sender_s_domain_proves_it(said: str) -> None:
    assert proved(f"Authentication-Results: {said}") == "one.example"


@pytest.mark.parametrize(
    "said",
    [
        "mx.ours.example; dmarc=fail header.from=one.example",
        "mx.ours.example; dmarc=pass header.from=two.example",
        "mx.ours.example; dmarc=pass",
        "mx.ours.example; spf=pass smtp.mailfrom=one.example; dkim=pass",
        "mx.theirs.example; dmarc=pass header.from=one.example",
        "mx.theirs.example (mx.ours.example); dmarc=pass header.from=one.example",
        "mx.ours.example; none (; dmarc=pass header.from=one.example)",
        "",
    ],
)
def test_nothing_else_proves_it(said: str) -> None:
    assert proved(f"Authentication-Results: {said}") == ""


def test_only_the_topmost_word_counts_and_none_where_no_server_of_ours_is_named() -> None:
    ours = "Authentication-Results: mx.ours.example; dmarc=pass header.from=one.example"
    assert proved("Authentication-Results: mx.ours.example; dmarc=fail", ours) == ""
    assert proved(ours, authserv="") == ""
    assert proved() == ""

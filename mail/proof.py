"""Is a mail's sender proved? By our own server's word alone (RFC 8601, DMARC), or not at all."""

import re

from mail.message import Mail

RESULTS = "authentication-results"
_COMMENT = re.compile(r"\([^()]*\)")
_DMARC = re.compile(r"^\s*dmarc\s*=\s*pass\b(?:.*?\bheader\.from\s*=\s*\"?([^\s;\"]+))?", re.I)


def proved_domain(mail: Mail, authserv: str) -> str:
    """Return the domain that our server proved the sender to be of; empty if it did not.

    Only the topmost `Authentication-Results` counts, and only in our own server's name: it must take off
    those that strangers wrote in it.

    Args:
        mail: as it was read.
        authserv: how our server calls itself; empty proves nothing.
    """
    said, *results = _COMMENT.sub("", mail.signs.get(RESULTS, "")).split(";")
    named = said.split()[:1]
    if not authserv or named != [authserv]:
        return ""
    domain = mail.sender.address.partition("@")[2]
    for result in results:
        passed = _DMARC.match(result)
        if passed and domain and (passed.group(1) or "").lower() == domain:
            return domain
    return ""

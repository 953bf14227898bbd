"""Names that survive a retry, a reset and a re-run: pure functions of the case, never of time."""

import hashlib
import re
import unicodedata
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import BeforeValidator

from contracts.bounds import PlainId

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@#+-]{0,127}")
_AS_THEY_ARE = "._:#+-"
LONGEST_ID_CHARS = 128
_MAIL_ADDRESS = re.compile(r"[^\s@] ?(?:@|[([{] ?(?:at|ät) ?[)\]}]) ?[^\s@]", re.I)
_PHONE_NUMBER = re.compile(
    r"(?:tel:)?(?:"
    r"00[ /-]?[1-9](?:[ ()/.-]*\d){8,12}"  # 0049 171 2345678
    r"|\(?0\d{2,4}\)?[ /-]+\d(?:[ /-]?\d){4,9}"  # 0171 2345678
    r"|0[1-9]\d{8,10}"  # 01712345678
    r"|(?:\(\d{3}\)|\d{3})[ .-]\d{3}[ .-]\d{4}"  # 202-555-0143
    r")",
    re.I,
)
"""What an id is as a whole. Digits alone are an order's number, unless they begin with one zero."""
_PHONE_NUMBER_WITHIN = re.compile(
    r"\+[ ()/.-]*\d(?:[ ()/.-]*\d){6,14}"  # +49 171 2345678
    r"|(?<!\d)(?<!\d[ /.-])(?:"
    r"00[1-9]\d?[ /-]\d(?:[ ()/.-]*\d){7,11}"  # RMA-0049 171 2345678
    r"|\(?0[1-9]\d{1,3}\)?[ /-]+\d(?:[ /-]?\d){5,9}"  # RMA-0171-2345678
    r"|01[567]\d{8,9}"  # RMA-01712345678
    r"|(?:\([2-9]\d{2}\)|[2-9]\d{2})[ .-][2-9]\d{2}[ .-]\d{4}"  # RMA-202-555-0143
    r")(?!\d)"
)
"""What stands in an id beside other things: fewer spellings, as parts of an id's own number look alike."""
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_ENCODED_AT_MOST = 3
"""So often an id was percent-encoded on its way here, one system after the other."""


def as_text(given: object) -> object:
    """Return an id as text without blanks around it; some systems number their orders with integers."""
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given.strip() if isinstance(given, str) else given


ExternalId = Annotated[PlainId, BeforeValidator(as_text)]
"""A channel's own id of something: text, or an integer that becomes text; blanks around it are cut off.

It is at most 128 characters long and holds none that cannot be seen.
"""

CONTROL_QUEUE = "kontor-control"
MODELS_QUEUE = "kontor-models"
SECOND_MODELS_QUEUE = "kontor-models-b"
MEMORY_QUEUE = "kontor-memory"


def workflow_id(desk: str, channel: str, external_id: str) -> str:
    """Return the id of a case: `DESK/CHANNEL/ID`.

    What a channel's id may hold and a case id may not is percent-encoded: `RMA/2026/0007` makes the
    end `RMA%2F2026%2F0007` of its case id, always the same one.

    Raises:
        ValueError: the desk or the channel is no plain name; the id is empty, too long or holds a control
            character.
    """
    for part in (desk, channel):
        if not _PART.fullmatch(part):
            raise ValueError(f"{part!r} cannot stand in a case id: use letters, digits and ._:@#+-")
    return f"{desk}/{channel}/{_encoded(external_id)}"


def _encoded(external_id: str) -> str:
    if not external_id.strip():
        raise ValueError("id: it is empty, and the case id is made of it: give the request's own number")
    if not external_id.isprintable():
        raise ValueError("id: it holds a control character, which cannot stand in a case id")
    encoded = quote(external_id, safe=_AS_THEY_ARE)
    if encoded[0] in _AS_THEY_ARE:
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    if len(encoded) > LONGEST_ID_CHARS:
        raise ValueError(f"id: it is longer than a case id can hold, which is {LONGEST_ID_CHARS} characters")
    return encoded


def require_impersonal(external_id: str) -> None:
    """Refuse a channel's id of a request that tells who the customer is.

    A case id stands in logs, addresses and metrics, and it is taken for ever: a customer's second request
    would find the first.

    Raises:
        ValueError: it holds a mail address or a telephone number; the message does not repeat it.
    """
    if personal := _personal(external_id):
        raise ValueError(
            f"id: it holds a {personal}, which must not stand in a case id (logs, addresses and metrics "
            "show it, and the customer's next request would be taken for this one): "
            "give the request's own number, for instance the RMA number"
        )


def _personal(external_id: str) -> str:
    """Return what personal data an id holds: nothing, a mail address or a telephone number."""
    plain = external_id
    for _ in range(_ENCODED_AT_MOST):
        plain = unquote(plain)
    # Full-width signs are the plain ones to whoever reads them.
    plain = unicodedata.normalize("NFKC", plain)
    if _MAIL_ADDRESS.search(plain):
        return "mail address"
    digits = _DASHES.sub("-", re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), plain)).strip()
    phone = _PHONE_NUMBER.fullmatch(digits) or _PHONE_NUMBER_WITHIN.search(digits)
    return "telephone number" if phone else ""


def effect_key(case_id: str, step: str) -> str:
    """Return the idempotency key of one step of one case: the same on every attempt and run."""
    digest = hashlib.sha256(f"{case_id}\n{step}".encode()).hexdigest()
    return f"{step}-{digest[:32]}"


def permit_id(key: str, arguments_hash: str, basis: str) -> str:
    """Return the id of the permit that covers one effect, with these arguments, on this basis.

    Args:
        key: the effect's key.
        arguments_hash: the hash of the canonical arguments.
        basis: the verdict's or the approval's id.
    """
    return "permit-" + hashlib.sha256(f"{key}\n{arguments_hash}\n{basis}".encode()).hexdigest()[:32]


def approval_id(case_id: str, step: str, round_number: int = 1) -> str:
    """Return the id of the `round_number`-th request for approval of one step of one case."""
    digest = hashlib.sha256(f"{case_id}\n{step}\n{round_number}".encode()).hexdigest()
    return f"ask-{digest[:12]}"


def connector_queue(connector: str) -> str:
    """Return the task queue that serves one connector, so that the server holds its rate limit."""
    return f"kontor-connector-{connector}"

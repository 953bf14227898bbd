"""The parts of a mail: its text as a reader sees it, and what hangs on it, read within bounds."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from email.message import Message

from contracts.bounds import clean
from mail.headers import one_line
from mail.html import LONGEST_HTML_CHARS, readable
from mail.message import Attachment

LONGEST_TEXT_CHARS = 200_000
MOST_ATTACHMENTS = 100
_CHARSETS = re.compile(
    r"ascii|utf[-_](?:7|8|8-sig|16|16-?le|16-?be|32)|iso(?:8859|2022).*|cp\d+|koi8.*|mac.*|gb\w+|hz|big5.*"
    r"|euc.*|shift.*|johab|tis.*|ptcp154"
)
"""What the library calls the charsets in which people write; its other codecs are no charsets of mail."""
_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
UNNAMED = "unnamed"


class Body:
    """What was found in a mail's parts.

    Attributes:
        text: what its reader sees.
        attachments: the rest.
        left_out: what was not read, in words.
    """

    def __init__(self, message: Message) -> None:
        """Go through the parts of a mail."""
        self.attachments: list[Attachment] = []
        self.left_out: list[str] = []
        texts = [text.strip("\n") for text in self._texts(message)]
        self.text = self._cut("\n\n".join(text for text in texts if text.strip()), LONGEST_TEXT_CHARS)

    def _texts(self, part: Message) -> Iterator[str]:
        """Yield the texts of a part as its reader sees them, and keep what else there is."""
        kind = part.get_content_type()
        if kind == "message/rfc822" or not part.is_multipart():
            if _is_text(part):
                text = decoded(_bytes(part), part.get_content_charset("") or "")
                yield self._plain(text) if kind == "text/html" else text
            else:
                self._attach(part, kind)
            return
        inside = [each for each in part.get_payload() if isinstance(each, Message)]
        if kind == "multipart/alternative":
            yield from self._best(inside)
            return
        for each in inside:
            yield from self._texts(each)

    def _best(self, ways: list[Message]) -> Iterator[str]:
        """Yield one of several ways to say the same: the plain one, if anything stands in it."""
        said = [(way.get_content_type() != "text/plain", list(self._texts(way))) for way in ways]
        with_words = [(late, texts) for late, texts in said if any(text.strip() for text in texts)]
        if with_words:
            yield from min(with_words, key=lambda way: way[0])[1]

    def _plain(self, html: str) -> str:
        return readable(self._cut(html, LONGEST_HTML_CHARS))

    def _attach(self, part: Message, kind: str) -> None:
        if len(self.attachments) >= MOST_ATTACHMENTS:
            self.left_out.append(f"attachments after the first {MOST_ATTACHMENTS}")
            return
        raw = _bytes(part)
        name = one_line(part.get_filename() or "") or UNNAMED
        digest = hashlib.sha256(raw).hexdigest()
        self.attachments.append(Attachment(name=name, type=one_line(kind), size=len(raw), digest=digest))

    def _cut(self, text: str, longest: int) -> str:
        if len(text) > longest:
            self.left_out.append(f"text after its first {longest} characters")
        return text[:longest]


def decoded(raw: bytes, charset: str) -> str:
    """Return bytes as text: in the charset that they claim if they are, else in UTF-8, else in Windows'.

    Lines end with a line feed, and nothing in it steers a terminal or ends a record.
    """
    text = next((found for name in (charset, "utf-8") if (found := _in(raw, name)) is not None), None)
    if text is None:
        text = raw.decode("cp1252", errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return clean(_STEERS.sub("", lines))


def _in(raw: bytes, charset: str) -> str | None:
    try:
        name = codecs.lookup(charset).name
        return raw.decode(name) if _CHARSETS.fullmatch(name) else None
    except (LookupError, ValueError):
        return None


def _is_text(part: Message) -> bool:
    """Say whether a part is shown to the reader, by its sender's word."""
    kind = part.get_content_type()
    return kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment"


def _bytes(part: Message) -> bytes:
    """Return what a part holds, decoded; a mail within a mail as its bytes."""
    try:
        if part.is_multipart():
            return b"".join(bytes(each) for each in part.get_payload() if isinstance(each, Message))
        found = part.get_payload(decode=True)
    except Exception:  # what the library cannot write again, or decode, is an attachment nobody can open
        return b""
    return found if isinstance(found, bytes) else b""

"""A message without what others wrote in it: HTML, quoted replies, forwarded mail, signatures."""

import re
import unicodedata
from functools import cache, lru_cache

from mailparser_reply.parser import EmailMessage
from selectolax.lexbor import LexborHTMLParser

from contracts.base import Frozen

LANGUAGES = ["en", "de", "fr", "es"]
LONGEST_SIGNATURE = 200

_HTML = re.compile(
    r"<(?:!doctype|html|body|head|div|p|br|span|table|style|blockquote|ul|ol|li|b|i|a)\b[^>]*>", re.I
)
_BLOCKS = "p, div, br, li, tr, h1, h2, h3, h4, table, ul, ol, blockquote"
_UNSEEN = ", ".join(
    ["[hidden]", *(f'[style*="{how}" i]' for how in ("display:none", "display: none", "visibility:hidden"))]
)
"""What nobody saw who wrote it: no mail program shows it."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTED_LINE = re.compile(r"^\s*[>|]")
_FORWARDED = re.compile(
    r"^\s*(?:-{2,}\s*)?(?:begin |anfang der )?(?:forwarded|original|weitergeleitete|ursprüngliche"
    r"|message transféré|message d'origine|mensaje (?:reenviado|original))\b.{0,80}$",
    re.I,
)
_HEADER = re.compile(r"^\s*(?:from|to|sent|subject|date|von|an|betreff|de|à|objet|para|asunto)\s?:\s", re.I)
_WROTE = re.compile(
    r"^\s*(?:on|am|le|el)\b.{3,120}(?:wrote|schrieb|a écrit|écrit|escribió)\b.{0,60}:\s*$", re.I
)
_INLINE = re.compile(
    r"(?:\b(?:on|am|le|el)\s(?=[^?!]{0,80}?(?:\d|\b(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|"
    r"lun|mar|"
    r"mer|mié|jeu|jue|ven|vie|sam|sáb|dim|dom)\w{0,8}\b))[^?!\n]{3,120}\b(?:wrote|schrieb|a écrit|écrit|"
    r"escribió)\b"
    r"[^.?!\n]{0,60}:(?=\s)"
    r"|-{2,}\s*(?:original|forwarded|ursprüngliche|weitergeleitete)\s(?:message|mail|e-mail|nachricht)\b"
    r"|\b(?:begin forwarded message|anfang der weitergeleiteten nachricht)\s*:"
    r"|\b(?:from|von|de)\s?:\s[^\n]{1,80}?\b(?:sent|to|date|subject|gesendet|an|betreff|datum|envoyé|à|objet|"
    r"enviado|para|asunto)\s?:\s|\s>>+\s)",
    re.I,
)
"""Where a quoted mail begins within a line: some programs join a letter's lines before they send it."""
_SPEAKS = re.compile(
    r"\b(?:cancel|refund|return|exchange|swap|keep|forget|ignore|disregard|not?|never|don't|but|ps|"
    r"p\.s|edit|"
    r"storn|zurück|erstatt|behalt|vergess|annul|rembours|rend|gard|devol|cancelar|qued)",
    re.I,
)


class Cleaned(Frozen):
    """A message taken apart.

    Attributes:
        text: what the customer wrote now.
        quoted: what they quoted or forwarded; it tells what the text is about, and wishes nothing.
    """

    text: str
    quoted: str = ""


@lru_cache(maxsize=64)
def clean(message: str) -> Cleaned:
    """Take off what is not the customer's own text of today; one message is read several times in a row.

    Args:
        message: as it came in, plain or HTML.
    """
    plain = text_of_html(message) if _HTML.search(message) else message
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", plain)).replace("\r\n", "\n").replace("\r", "\n")
    own, quoted = _apart(_newest(plain))
    if own.strip():
        quoted = "\n".join(part for part in (quoted, plain[len(_newest(plain)) :]) if part.strip())
    return Cleaned(text=_once(_unsigned(own).strip()), quoted=quoted.strip())


def text_of_html(html: str) -> str:
    """Return the text of HTML, its blocks on lines of their own, quotations marked as in plain mail."""
    tree = LexborHTMLParser(html)
    for node in tree.css(f"style, script, head, title, {_UNSEEN}"):
        node.decompose()
    for node in tree.css("blockquote, .gmail_quote, #divRplyFwdMsg"):
        quoted = "\n".join(f"> {line}" for line in node.text(separator=" ").splitlines() if line.strip())
        node.replace_with(f"\n{quoted}\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n")
    body = tree.body
    return body.text() if body is not None else html


@cache
def _languages() -> list[str]:
    return list(LANGUAGES)


def _newest(text: str) -> str:
    """Return the newest mail of a thread, as its headers tell them apart."""
    replies = EmailMessage(text=text, languages=_languages(), keep_hyphen_lists=True).read().replies
    newest = replies[0].full_body if replies else text
    return newest if newest.strip() and text.startswith(newest) else text


def _apart(text: str) -> tuple[str, str]:
    """Return own lines and quoted lines; from a forwarding mark on, everything is quoted."""
    own: list[str] = []
    quoted: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        spoken = any(each.strip() for each in own)
        if _FORWARDED.match(line) or _WROTE.match(line) or (spoken and _heads(lines, number)):
            quoted += lines[number:]
            break
        if not _QUOTED_LINE.match(line) and (begun := _INLINE.search(line)):
            own.append(line[: begun.start()])
            quoted += [line[begun.start() :], *lines[number + 1 :]]
            break
        (quoted if _QUOTED_LINE.match(line) else own).append(line)
    return "\n".join(own), "\n".join(quoted)


def _heads(lines: list[str], number: int) -> bool:
    """Say whether a mail's header begins here: after an empty line, `Subject: ...`."""
    return bool(_HEADER.match(lines[number])) and (number == 0 or not lines[number - 1].strip())


def _once(text: str) -> str:
    """Return the text without lines that were said before: a message pasted twice is one message."""
    lines = text.split("\n")
    seen: set[str] = set()
    kept = []
    for line in lines:
        if line.strip() not in seen or not line.strip():
            kept.append(line)
        seen.add(line.strip())
    return "\n".join(kept).strip()


def _unsigned(text: str) -> str:
    """Take off the signature, unless it is long or still says something."""
    replies = EmailMessage(text=text, languages=_languages(), keep_hyphen_lists=True).read().replies
    body = replies[0].body if replies else ""
    if not body.strip() or not text.startswith(body):
        return text
    signature = text[len(body) :]
    return text if len(signature) > LONGEST_SIGNATURE or _SPEAKS.search(signature) else body

"""What never enters memory or the logs: secrets and personal data are taken out on the way in."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import phonenumbers
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
from detect_secrets.plugins.ip_public import IPPublicDetector
from detect_secrets.plugins.keyword import (
    CONFIG_DENYLIST_REGEX_TO_GROUP,
    DENYLIST,
    QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP,
)
from phonenumbers.phonemetadata import PhoneMetadata
from stdnum import iban, luhn

REGIONS = ("DE", "US", "GB", "FR")
"""Countries whose national spelling of a telephone number is recognised; +49 … is, everywhere."""
ENTROPY_LIMIT = 4.0
"""Shannon bits a character; detect-secrets' own default for base64 is 4.5, for longer strings."""
MIN_SECRET_WORD = 6
MIN_NATIONAL_DIGITS = 7
MIN_UNSPACED_DIGITS = 10
LONGEST_LOG_CHARS = 20_000
"""More of one message or traceback is not logged: redacting it holds the event loop up."""

EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,9}\.[A-Za-z]{2,63}")
"""Lengths as in RFC 5321; without them a long word costs its length squared, and the worker stands still."""
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){13,18}\d(?![\w-])")
ISSUER = re.compile(r"4\d{15}|4\d{18}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|6\d{15,18}")
PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.S,
)
SPOKEN = re.compile(
    r"\b(?:password|passcode|passphrase|passwort|kennwort|pin)\b(?:\s+(?:is|ist|lautet|was|war)\s+|\s*[:=]\s*)"
    r"(?P<value>[^\s,;]*[\d!#$%&*+?@^~][^\s,;]*)",
    re.I,
)
NAMES = re.compile("|".join(DENYLIST), re.I)
FURTHER = re.compile(r"\bhv[sbr]\.[\w-]{20,}|\bAIza[\w-]{30,}")
"""What detect-secrets does not know and Kontor uses: tokens of Vault, keys of Google."""
TAIL = re.compile(r"[\w.+/=-]*\w")
TOKEN = re.compile(r"(?<![\w/+.])[A-Za-z0-9+_=]{20,}(?![\w/+])")
DIGIT_GROUPS = 2
ADDRESSES = (
    # Musterstraße 12a, 10115 Berlin
    re.compile(
        r"\b[A-ZÄÖÜ][\wäöüß.-]*(?:[ -][A-ZÄÖÜ][\wäöüß.-]*)?"
        r"(?:straße|strasse|str\.|weg|platz|allee|gasse|damm|ufer)"
        r" ?\d{1,4} ?[a-z]?\b(?:,?\s+(?:D-)?\d{5}\s+[A-ZÄÖÜ][\wäöüß-]+)?"
    ),
    # 1600 Pennsylvania Avenue NW, Washington, DC 20500
    re.compile(
        r"\b\d{1,5} (?:[NSEW]\.? )?(?:[A-Z][a-z]+\.? ){1,3}"
        r"(?:Street|St\.|Avenue|Ave\.?|Road|Rd\.?|Lane|Ln\.|Drive|Dr\.|Boulevard|Blvd\.?|Court|Ct\.)(?=\W|$)"
        r"(?: (?:[NS][EW]))?(?:,? [A-Z][A-Za-z .]+,? [A-Z]{2} \d{5}(?:-\d{4})?)?"
    ),
)


@dataclass(frozen=True)
class Redacted:
    """A text without what must not be kept, and how often each kind of it was found."""

    text: str
    found: dict[str, int]


class Redactor:
    """Replaces each finding by its kind: `[secret]`, `[card]`, `[iban]`, `[email]`, `[phone]`, `[address]`.

    Secrets are found with the patterns of detect-secrets (Yelp), card and bank numbers by their
    check digits (python-stdnum), telephone numbers with Google's libphonenumber. Names of people
    are not found: no sound pattern has them.
    """

    def __init__(self, regions: Sequence[str] = REGIONS) -> None:
        """Choose the countries whose national telephone numbers are recognised; loads all there is to load.

        Nothing may be left for the first text: a workflow's log line is redacted in its sandbox, where
        an import fails. libphonenumber then keeps a lock for ever, and every thread that logs a number
        waits for it.
        """
        PhoneMetadata.load_all()
        self._regions = tuple(regions)
        self._patterns = _token_patterns()
        self._entropy = Base64HighEntropyString(limit=ENTROPY_LIMIT)

    def redact(self, text: str) -> Redacted:
        """Return the text with every finding replaced. A redacted text is left as it is."""
        found: dict[str, int] = {}
        for kind, spans_of in self._finders():
            text = _replace(text, spans_of, kind, found)
        return Redacted(text, found)

    def __call__(self, text: str) -> str:
        """Return the text with every finding replaced."""
        return self.redact(text).text

    def _finders(self) -> tuple[tuple[str, Callable[[str], Iterator[tuple[int, int]]]], ...]:
        return (
            ("secret", self._secrets),
            ("card", _cards),
            ("iban", _ibans),
            ("email", _emails),
            ("phone", self._phones),
            ("address", _addresses),
        )

    def _secrets(self, text: str) -> Iterator[tuple[int, int]]:
        yield from (match.span() for match in PEM.finditer(text))
        for pattern, group in self._patterns:
            for match in pattern.finditer(text):
                # A pattern may end before the token does: a JWT's signature follows its last dot.
                tail = TAIL.match(text, match.end()) if group == 0 else None
                yield match.start(group), tail.end() if tail else match.end(group)
        yield from (match.span() for match in FURTHER.finditer(text))
        yield from (match.span("value") for match in SPOKEN.finditer(text))
        yield from _assigned(text)
        yield from self._random(text)

    def _random(self, text: str) -> Iterator[tuple[int, int]]:
        """Long words that mix cases and scattered digits and look drawn at random; hexadecimal ids do not."""
        for match in TOKEN.finditer(text):
            word = match.group()
            mixed = all(any(map(test, word)) for test in (str.isupper, str.islower, str.isdigit))
            groups = len(re.findall(r"\d+", word))
            if (
                mixed
                and groups >= DIGIT_GROUPS
                and self._entropy.calculate_shannon_entropy(word) > ENTROPY_LIMIT
            ):
                yield match.span()

    def _phones(self, text: str) -> Iterator[tuple[int, int]]:
        if sum(map(str.isdigit, text)) < MIN_NATIONAL_DIGITS:
            return
        for region in self._regions:
            for match in phonenumbers.PhoneNumberMatcher(text, region):
                if _surely_phone(match.raw_string):
                    yield match.start, match.end


class RedactingFilter(logging.Filter):
    """Redacts log records, with their arguments and their traceback, before any handler has them."""

    def __init__(self, redactor: Redactor) -> None:
        """Take the redactor."""
        super().__init__()
        self._redactor = redactor
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the redacted message in the record's place; never drops a record."""
        record.msg, record.args = self._redactor(_cut(_message(record))), None
        if record.exc_info:
            record.exc_text = self._redactor(_cut(self._formatter.formatException(record.exc_info)))
        elif record.exc_text:
            record.exc_text = self._redactor(_cut(record.exc_text))
        return True


def redact_logs(redactor: Redactor | None = None) -> None:
    """Put the filter before every handler of the root logger, so before everything that is logged."""
    filter_ = RedactingFilter(redactor or Redactor())
    for handler in logging.getLogger().handlers:
        handler.addFilter(filter_)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a log call with the wrong number of arguments must not end its caller
        return f"{record.msg} {record.args}"


@cache
def _token_patterns() -> tuple[tuple[re.Pattern[str], int], ...]:
    """Every token format detect-secrets knows; of a URL with a password only the password."""
    patterns: list[tuple[re.Pattern[str], int]] = []
    detectors: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
    for detector in detectors.values():
        if issubclass(detector, RegexBasedDetector) and detector is not IPPublicDetector:
            group = 1 if detector is BasicAuthDetector else 0
            patterns.extend((pattern, group) for pattern in detector().denylist)
    return tuple(patterns)


def _cut(text: str) -> str:
    """Return a text that is short enough to log: of a long one its beginning and its end."""
    left_out = len(text) - LONGEST_LOG_CHARS
    half = LONGEST_LOG_CHARS // 2
    return text if left_out <= 0 else f"{text[:half]} [{left_out} characters left out] {text[-half:]}"


def _replace(
    text: str, spans_of: Callable[[str], Iterator[tuple[int, int]]], kind: str, found: dict[str, int]
) -> str:
    pieces: list[str] = []
    end = 0
    for start, stop in sorted(spans_of(text), key=lambda span: (span[0], -span[1])):
        if start < end:
            end = max(end, stop)
            continue
        pieces += [text[end:start], f"[{kind}]"]
        found[kind] = found.get(kind, 0) + 1
        end = stop
    return "".join([*pieces, text[end:]])


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    """What is assigned to a name like `api_key`; without quotes only what looks like no word."""
    offset = 0
    for line in text.split("\n"):
        if not NAMES.search(line):
            offset += len(line) + 1
            continue
        for pattern, group in QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP.items():
            for match in pattern.finditer(line):
                yield offset + match.start(group), offset + match.end(group)
        for pattern, group in CONFIG_DENYLIST_REGEX_TO_GROUP.items():
            for match in pattern.finditer(line):
                value = match.group(group).split()[0] if match.group(group).split() else ""
                start = offset + line.index(value, match.start(group))
                if len(value) >= MIN_SECRET_WORD and not value.isalpha() and not value.startswith("["):
                    yield start, start + len(value)
        offset += len(line) + 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if ISSUER.fullmatch(digits) and luhn.is_valid(digits):
            yield match.span()


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in IBAN.finditer(text):
        # The pattern may have run on into the next word: the longest valid beginning counts.
        for end in range(match.end(), match.start() + 14, -1):
            if iban.is_valid(text[match.start() : end]):
                yield match.start(), end
                break


def _emails(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in EMAIL.finditer(text))


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for pattern in ADDRESSES for match in pattern.finditer(text))


def _surely_phone(raw: str) -> bool:
    """Tell a telephone number from a year, an article or an order number that could be one."""
    digits = re.sub(r"\D", "", raw)
    if raw.startswith(("+", "00")):
        return True
    spaced = bool(re.search(r"\d[ ()/.-]+\d", raw)) and len(digits) >= MIN_NATIONAL_DIGITS
    return spaced or (raw.startswith("0") and len(digits) >= MIN_UNSPACED_DIGITS)

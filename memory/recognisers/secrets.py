"""Passwords, keys and tokens: the patterns of detect-secrets (Yelp), and what is called a secret in words."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

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

from memory.recognisers.searchable import Span

ENTROPY_LIMIT = 4.0
"""Shannon bits a character; detect-secrets' own default for base64 is 4.5, for longer strings."""
MIN_SECRET_WORD = 6
DIGIT_GROUPS = 2

_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.S,
)
_WORD_FOR_IT = r"\b(?:password|passcode|passphrase|passwort|kennwort|passwd|pwd|pw|mot de passe|contraseña)\b"
_IS = r"(?: (?:is|ist|lautet|was|war|est|es):? |\s*[:=]\s*)"
_SPOKEN = (
    re.compile(rf"{_WORD_FOR_IT}{_IS}(?P<value>[^\s,;\"'„“]{{0,64}}[\d!#$%&*+?@^~][^\s,;]*)", re.I),
    re.compile(
        rf"{_WORD_FOR_IT}(?:{_IS}| )[\"'„“\u2018](?P<value>[^\"'“”\u2019\n]{{3,100}})[\"'“”\u2019]", re.I
    ),
    re.compile(
        rf"{_WORD_FOR_IT} (?P<value>(?=[^\s,;]{{0,64}}[A-Za-z])(?=[^\s,;]{{0,64}}\d)"
        r"[A-Za-z0-9][^\s,;]{5,})",
        re.I,
    ),
    re.compile(
        r"\b(?:pin|puk)(?:[ -]?(?:code|number|nummer))?(?: (?:is|ist|lautet|was|war))?[ :=]{1,3}"
        r"(?P<value>\d(?: ?\d){3,7})(?!\w)(?! ?(?:mm|cm|EUR|pcs))",
        re.I,
    ),
    re.compile(
        r"\b(?:(?:cvc|cvv)2?(?:[ -]?code)?|security code|sicherheitscode|prüfnummer)"
        r"(?: (?:is|ist|lautet))?[ :=]{1,3}(?P<value>\d{3,4})(?!\w)",
        re.I,
    ),
    re.compile(
        r"\b(?:one-time|verification|einmal)[ -]?code(?: (?:is|ist))?[ :=]{1,3}(?P<value>\d{4,10})(?!\w)",
        re.I,
    ),
    re.compile(r"(?<!\S)(?:-u|--user) [^\s:]{1,64}:(?P<value>\S+)"),
    re.compile(r"\b(?:TAN|OTP|mTAN)(?: (?:is|ist|lautet))?[ :=]{1,3}(?P<value>\d{5,10})(?!\w)"),
)
_HEADERS = (
    re.compile(
        r"\b(?:authorization|cookie)\b[\"']?\s?[:=]\s?[\"']?(?:(?:bearer|basic|token|digest|apikey)\s)?"
        r"(?:[\w-]{1,40}=)?(?P<value>[\w.~+/=-]{4,})",
        re.I,
    ),
    re.compile(r"\b(?:Bearer|Basic) (?P<value>(?=[\w.~+/=-]{0,64}[\d=])[\w.~+/=-]{8,})", re.I),
    re.compile(
        r"(?:\b|_|-)(?:token|session_?id|api-?key|sid)[\"']?\s?[:=]\s?[\"']?"
        r"(?P<value>(?=[\w.~+/=-]{0,64}\d)(?=[\w.~+/=-]{0,64}[A-Za-z])[\w.~+/=-]{6,})",
        re.I,
    ),
)
_FURTHER = re.compile(r"\bhv[sbr]\.[\w-]{20,}|\bAIza[\w-]{30,}")
"""What detect-secrets does not know and Kontor uses: tokens of Vault, keys of Google."""
_NAMES = re.compile("|".join(DENYLIST), re.I)
_TAIL = re.compile(r"[\w.+/=-]*\w")
_LONG_WORD = re.compile(r"(?<![\w/+.])[A-Za-z0-9+_=]{20,}(?![\w/+])")
_DIGITS = re.compile(r"\d+")


class Secrets:
    """Finds secrets."""

    def __init__(self) -> None:
        """Load every pattern there is."""
        self._patterns = _token_patterns()
        self._entropy = Base64HighEntropyString(limit=ENTROPY_LIMIT)

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield every secret: a key, a token, a password; of a URL with a password only the password."""
        yield from (match.span() for match in _PEM.finditer(text))
        for pattern, group in self._patterns:
            for match in pattern.finditer(text):
                # A pattern may end before the token does: a JWT's signature follows its last dot.
                tail = _TAIL.match(text, match.end()) if group == 0 else None
                yield match.start(group), tail.end() if tail else match.end(group)
        yield from (match.span() for match in _FURTHER.finditer(text))
        for named in (*_SPOKEN, *_HEADERS):
            yield from (match.span("value") for match in named.finditer(text))
        yield from _assigned(text)
        yield from self._random(text)

    def _random(self, text: str) -> Iterator[Span]:
        """Long words that mix cases and scattered digits and look drawn at random; hexadecimal ids do not."""
        for match in _LONG_WORD.finditer(text):
            word = match.group()
            mixed = all(any(map(test, word)) for test in (str.isupper, str.islower, str.isdigit))
            groups = len(_DIGITS.findall(word))
            if (
                mixed
                and groups >= DIGIT_GROUPS
                and self._entropy.calculate_shannon_entropy(word) > ENTROPY_LIMIT
            ):
                yield match.span()


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


def _assigned(text: str) -> Iterator[Span]:
    """What is assigned to a name like `api_key`; without quotes only what looks like no word."""
    offset = 0
    for line in text.split("\n"):
        if not _NAMES.search(line):
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

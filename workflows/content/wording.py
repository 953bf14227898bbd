"""Words as they are compared: lower case, straight quotation marks, stems; which words carry no content."""

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

WORD = re.compile(r"[^\W_]+(?:['.&-][^\W_]+)*")
_FUNCTION = """
a about above after again against all also although am an and any are as at be because been before being
below between both but by can could did do does doing down during each either even few for from further
had has have having he her here hers him his how however i if in into is it its itself just like many may
me might more most much must my now of off on once only or other our ours out over own per same she
should since so some still such than that the their theirs them then there these they this those through
to today too under until up upon us very was we well were what when where whether which while who whom
whose why will with within would yet you your yours one another let's it's we're we've they're that's
there's i'm
"""
FUNCTION_WORDS = frozenset(_FUNCTION.split())
_TYPOGRAPHY = str.maketrans(
    {
        "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"',
        "\u00bb": '"', "\u2013": "-", "\u2014": "-", "\u2011": "-",
        "\u00a0": " ", "\u202f": " ", "\u2026": "...",
    }
)  # fmt: skip
_STEMMER = snowballstemmer.stemmer("english")


def plain(text: str) -> str:
    """Return the text with straight marks, plain dashes and single spaces, in lower case."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY).casefold().split())


def straight(text: str) -> str:
    """Return a text of the same length with straight apostrophes and quotation marks."""
    return text.translate({code: to for code, to in _TYPOGRAPHY.items() if len(to) == 1})


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return what a word's forms have in common, however it is written."""
    return str(_STEMMER.stemWord(plain(word).removesuffix("'s")))


@lru_cache(maxsize=50_000)
def is_content(word: str) -> bool:
    """Tell whether a word says more than grammar."""
    return plain(word) not in FUNCTION_WORDS


@lru_cache(maxsize=20_000)
def content_stems(text: str) -> frozenset[str]:
    """Return the stems of a text's content words."""
    return frozenset(stem(word) for word in WORD.findall(text) if is_content(word))

"""Names: runs of capitalised words, and words that only a name is written like (`18F`, `FBOpen`)."""

import re
from collections.abc import Iterator

from workflows.content.wording import FUNCTION_WORDS, plain

Place = tuple[int, int, str, str]

_WORD = r"(?:[A-Z]\.(?:[A-Z]\.)*|[^\W_](?:[\w&]|['\u2019](?!s\b)|[-.](?=\w))*)"
_TOKEN = re.compile(_WORD)
_JOINING = re.compile(r"\s+(?:(?:of|for|de|van|von|du|la|of the)\s+)?|\s+&\s+")
_INNER = re.compile(r"\d[A-Z]|[a-z][A-Z]|[A-Z]{2}")
"""What stands inside a word that is a name wherever it stands."""
_START = re.compile(
    r"(?:^|[.!?:;\u2022]\s+|\s[\u2014\u2013-]+\s+|\n\s*|\d\.\s+)[\"\u201c\u2018'(\[*\u2014-]*$"
)
_NO_NAMES = """
i i'm i've i'd i'll ok mr mrs ms dr monday tuesday wednesday thursday friday saturday sunday january
february march april may june july august september october november december jan feb mar apr jun jul aug
sep sept oct nov dec am pm faq q a
"""
_NEVER = frozenset(_NO_NAMES.split())


def names(text: str) -> Iterator[Place]:
    """Yield names with their places; the value is the name with single spaces.

    A sentence's first word is capitalised anyway: alone it is a name only if it is written like one, before
    another capitalised word only if it is no function word.
    """
    run: list[re.Match[str]] = []
    for token in filter(_is_named, _TOKEN.finditer(text)):
        if run and not _JOINING.fullmatch(text, run[-1].end(), token.start()):
            yield from _name(text, run)
            run = []
        run.append(token)
    if run:
        yield from _name(text, run)


def _is_named(token: re.Match[str]) -> bool:
    word = token[0]
    return (word[0].isupper() or bool(_INNER.search(word))) and plain(word).rstrip(".") not in _NEVER


def _is_function_word(word: str) -> bool:
    """Tell whether a capitalised word is grammar; in capitals it may be a name (`IT`, `US`)."""
    return plain(word) in FUNCTION_WORDS and not (word.isupper() and len(word) > 1)


def _name(text: str, run: list[re.Match[str]]) -> Iterator[Place]:
    first = run[0][0]
    begins = bool(_START.search(text[: run[0].start()]))
    if _is_function_word(first) and (begins or len(run) == 1):
        run = run[1:]
    elif begins and len(run) == 1 and not _INNER.search(first):
        run = []
    if run:
        start, end = run[0].start(), run[-1].end()
        yield start, end, text[start:end], " ".join(text[start:end].split())

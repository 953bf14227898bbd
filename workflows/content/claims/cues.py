"""What is said of things, found by cue words: quotations, superlatives, comparisons, negations, outlooks."""

import re
from collections.abc import Iterator

from workflows.content.wording import plain, straight

Place = tuple[int, int, str, str]

LEAST_QUOTED = 3
"""Fewer quoted words are a title or a word held at arm's length."""
_QUOTED = re.compile(r"[\u201c\"\u201e\u00ab](?P<words>[^\u201c\u201d\"\u00ab\u00bb]+)[\u201d\"\u201c\u00bb]")
_NO_SUPERLATIVES = (
    "interest|request|test|west|east|northwest|northeast|southwest|southeast|guest|honest|forest|invest|suggest|rest|"
    "quest|contest|protest|digest|manifest|harvest|arrest|chest|nest|modest|midwest|unrest|pest|vest|crest|attest|"
    "behest|conquest|inquest|latest|lest|dishonest|divest|ingest|pretest|retest"
)
_SUPERLATIVE = re.compile(
    rf"\b(?:(?<!at )(?:most|least)\s+(?!of\b)[a-z]+|only|worst|best(?!\s+practice)|"
    rf"(?!(?:{_NO_SUPERLATIVES})\b)[a-z]{{2,}}est)\b"
)
_COMPARISON = re.compile(
    r"\b(?:(?:more|less|fewer)(?:\s+[a-z]+)?\s+than(?!\s+[\d$])|(?:[a-z]{3,}er)\s+than|(?:twice|half)\s+as\s+[a-z]+|"
    r"doubled|tripled|quadrupled|halved)\b",
    re.IGNORECASE,
)
NEGATION = re.compile(
    r"\b(?:not|never|no(?!\.)|none|nobody|nothing|neither|nor|nowhere|without|cannot)\b|(?<=\w)n't\b",
    re.IGNORECASE,
)
_OUTLOOK = re.compile(
    r"\?[\"')]*$|\b(?:i|we)\s+(?:\w+ly\s+)?"
    r"(?:think|believe|hope|feel|expect|suspect|guess|wish|plan|want|love|look forward)\b|"
    r"\b(?:will|won't|shall|would|should|could|might|(?-i:may)|must|ought)\b|"
    r"\b(?:going|plans?|expects?|hopes?) to\b|"
    r"\b(?:perhaps|maybe|probably|hopefully|in (?:my|our) (?:opinion|view))\b|"
    r"\b(?:we|they|you|i)'(?:ll|d)\b",
    re.IGNORECASE,
)


def quotations(text: str) -> Iterator[Place]:
    """Yield what stands between quotation marks, the marks not included."""
    for match in _QUOTED.finditer(text):
        if len(match["words"].split()) >= LEAST_QUOTED:
            start, end = match.span("words")
            yield start, end, text[start:end], plain(text[start:end])


def superlatives(text: str) -> Iterator[Place]:
    """Yield `largest`, `most important`, `only`."""
    return _cues(_SUPERLATIVE, text)


def comparisons(text: str) -> Iterator[Place]:
    """Yield `more than`, `faster than`, `twice as many`, `doubled`; before a number it is its bound."""
    return _cues(_COMPARISON, text)


def negations(text: str) -> Iterator[Place]:
    """Yield `not`, `n't`, `never`, `no`, `without`."""
    return _cues(NEGATION, text)


def is_outlook(text: str) -> bool:
    """Tell whether a sentence asks, opines or looks ahead."""
    return bool(_OUTLOOK.search(straight(text)))


def _cues(pattern: re.Pattern[str], text: str) -> Iterator[Place]:
    for match in pattern.finditer(straight(text)):
        start, end = match.span()
        yield start, end, text[start:end], plain(text[start:end])

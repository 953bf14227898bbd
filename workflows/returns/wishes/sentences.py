"""A message's sentences and clauses, in the order in which they were written."""

import re

_STRAIGHT = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'}
)
_DECIMAL = r"(?<!\d)\.(?!\d)"
_END = re.compile(r"(?<=[!?;])\s+|(?<=[^\s.\d][.])\s+(?!\d)|(?<=\d\.)\s+(?=[A-Z])|(?<=\.{3})\s*|\n+")
_CLAUSE = re.compile(
    r"\s+[-\u2013\u2014]+\s+|:\s+|\s*\(|\)\s*|,\s*(?=(?:but|and|so|then|or|however|though|otherwise|"
    r"because|while|where|as)\b)"
    r"|\s+(?=so (?:i|we|please)\b)|\s+(?=(?:but|however|otherwise|although|though|whereas|because|"
    r"so that|then)\b)|,\s+(?=(?:i|i'\w+|we|please|can|could|keep|no|not|don't|thanks)\b)"
    r"|\s+(?=and\s+(?:i|i'\w+|we|please|then|now|cancel|return|refund|exchange|send|keep|give|let)\b)",
    re.I,
)
_SAID = re.compile(r"\"[^\"\n]{3,300}\"|(?<!\w)'[^'\n]{6,300}'(?!\w)")


def straight(text: str) -> str:
    """Return the text with straight quotation marks and apostrophes."""
    return text.translate(_STRAIGHT)


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; a line is never part of two."""
    return [piece.strip() for piece in _END.split(straight(text)) if piece and piece.strip()]


def clauses(sentence: str) -> list[str]:
    """Cut a sentence where another thought begins."""
    return [piece.strip(" ,") for piece in _CLAUSE.split(sentence) if piece and piece.strip(" ,")]


def without_sayings(text: str) -> str:
    """Replace what stands between quotation marks: it is mentioned, not said."""
    return _SAID.sub('"..."', straight(text))

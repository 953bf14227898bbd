"""Which language a text is in."""

import re
from collections.abc import Collection
from functools import cache, lru_cache
from itertools import islice
from textwrap import wrap
from typing import Any

KNOWN = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "ja", "zh", "tr", "sv", "da", "cs")
SHORT = 25
"""Letters; of a shorter text the language cannot be told."""
SURE = 0.9
"""Probability from which a language counts as recognised."""
PART = 300
"""Letters; a part of a text whose language is told for itself."""
CLEAR = 80
"""Letters; in less than these a list of things passes for another language."""
MOST_PARTS = 40
_PARAGRAPHS = re.compile(r"\n\s*\n")


@lru_cache(maxsize=256)
def language_of(text: str) -> str:
    """Return the language's two letters; empty where it cannot be told: too short, or not clear.

    A case asks several questions of one message, so the last texts are kept.
    """
    if len(text) < SHORT:
        return ""
    code, probability = _identifier().classify(text)
    return str(code) if float(probability) >= SURE else ""


def foreign_in(text: str, measured: Collection[str]) -> str:
    """Return the language that a text is to be read in: the first that is not measured, if a part is in one.

    A letter with a long tail in another language is mostly in that one; what it asks for is not.

    Args:
        text: the text, of any length; its first parts are looked at.
        measured: languages whose reading is measured, by two letters.
    """
    whole = language_of(text)
    parts = (part for paragraph in _PARAGRAPHS.split(text) for part in wrap(paragraph, PART))
    told = [whole, *(language_of(part) for part in islice(parts, MOST_PARTS) if len(part) >= CLEAR)]
    return next((each for each in told if each and each not in measured), whole)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(list(KNOWN))
    return found

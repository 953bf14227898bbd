"""Which language a text is in."""

from functools import cache, lru_cache
from typing import Any

KNOWN = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "ja", "zh", "tr", "sv", "da", "cs")
SHORT = 25
"""Letters; of a shorter text the language cannot be told."""
SURE = 0.9
"""Probability from which a language counts as recognised."""


@lru_cache(maxsize=256)
def language_of(text: str) -> str:
    """Return the language's two letters; empty where it cannot be told: too short, or not clear.

    A case asks several questions of one message, so the last texts are kept.
    """
    if len(text) < SHORT:
        return ""
    code, probability = _identifier().classify(text)
    return str(code) if float(probability) >= SURE else ""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(list(KNOWN))
    return found

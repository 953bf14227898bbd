"""Which language a text is in."""

from functools import cache
from typing import Any

MEASURED = ("en",)
"""Languages in which the rules' errors are measured; in others nothing stands by itself."""
KNOWN = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "ja", "zh", "tr", "sv", "da", "cs")
SHORT = 25
"""Letters; of a shorter text the language cannot be told, and it counts as English."""


def language_of(text: str) -> str:
    """Return the language's two letters."""
    if len(text) < SHORT:
        return "en"
    code, _ = _identifier().classify(text)
    return str(code)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(list(KNOWN))
    return found

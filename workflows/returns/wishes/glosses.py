"""A letter in German, French or Spanish put word by word into the English that the rules read.

No translation: the words that trade and wishes need, from the lists in `glossary/`. What is read of such a
letter never stands by itself (`acceptance.FOREIGN`): it is at most what its customer is asked to confirm.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from workflows.returns.types import Order
from workflows.returns.wishes.addresses import WRITTEN
from workflows.returns.wishes.naming import nouns
from workflows.returns.wishes.words import tokens

GLOSSARY = Path(__file__).with_name("glossary")
LANGUAGES = tuple(sorted(file.stem for file in GLOSSARY.glob("*.txt")))
"""Languages that have a list."""
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_ELIDED = re.compile(r"\b([cdjlmnst]|qu)['\u2019](?=\w)", re.I)
"""Where French writes two words as one: `l'enceinte`."""
_KEEPS_IT = re.compile(r",\s+(i keep (?:it|them))\b", re.I)
"""`The bottle, I keep it` is one thought."""
_STEM = 3
"""Letters by which entries are looked up."""


class _Entry:
    """One line of a list: a phrase, and what it is called in English, the likeliest first."""

    def __init__(self, line: str, *, goods: bool) -> None:
        """Take a line apart; of words that end with `*` any ending counts."""
        phrase, _, meanings = line.partition(" => ")
        self.words = tuple(phrase.lower().split())
        self.meanings = tuple(each.strip() for each in meanings.split("|"))
        self.goods = goods

    def begins(self, said: Sequence[str]) -> bool:
        """Say whether words begin with this phrase."""
        return len(said) >= len(self.words) and all(
            word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
            for word, wanted in zip(said, self.words, strict=False)
        )

    def meaning(self, known: frozenset[str]) -> str:
        """Return what it is called; of goods and their properties what an order calls so, else nothing.

        Args:
            known: the words of the orders.
        """
        if not self.goods:
            return self.meanings[0]
        if {*tokens(" ".join(self.words))} <= known:
            return ""  # the shop itself calls it so
        told = [(each, tokens(each)) for each in self.meanings]
        whole = next((each for each, words in told if {*words} <= known), "")
        return whole or next(
            (" ".join(word for word in words if word in known) for _, words in told if words[-1] in known), ""
        )


@cache
def _entries(language: str) -> Mapping[str, tuple[_Entry, ...]]:
    """Return a language's entries by the first letters of their first word, the longest phrase first."""
    found: dict[str, list[_Entry]] = {}
    goods = False
    for line in (GLOSSARY / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            goods = line == "[goods]"
        elif line:
            entry = _Entry(line, goods=goods)
            found.setdefault(entry.words[0].rstrip("*")[:_STEM], []).append(entry)
    return {
        stem: tuple(sorted(entries, key=lambda each: (-len(each.words), -len(each.words[0]))))
        for stem, entries in found.items()
    }


def in_english(text: str, language: str, orders: Iterable[Order]) -> str:
    """Return a text with the words that are known put into English; addresses stay as they are.

    Args:
        text: a cleaned letter.
        language: two letters; of one without a list, the text comes back as it is.
        orders: what the customer has bought: goods are called as they are called there.
    """
    if language not in LANGUAGES:
        return text
    apart = _ELIDED.sub(r"\1 ", text) if language == "fr" else text
    known = frozenset(word for order in orders for word in _words_of(order))
    told: list[str] = []
    end = 0
    for written in WRITTEN.finditer(apart):
        told += [_put(apart[end : written.start()], language, known), written.group()]
        end = written.end()
    told.append(_put(apart[end:], language, known))
    return _KEEPS_IT.sub(r" \1", "".join(told))


def _put(text: str, language: str, known: frozenset[str]) -> str:
    entries = _entries(language)
    found = list(_WORD.finditer(text))
    words = [each.group().lower() for each in found]
    told: list[str] = []
    end = place = 0
    while place < len(found):
        said = words[place : place + 5]
        entry, meaning = _meant(entries, said, known)
        last = found[place + (len(entry.words) if entry else 1) - 1]
        told += [text[end : found[place].start()], meaning or text[found[place].start() : last.end()]]
        end = last.end()
        place += len(entry.words) if entry else 1
    return "".join([*told, text[end:]])


def _meant(
    entries: Mapping[str, tuple[_Entry, ...]], said: Sequence[str], known: frozenset[str]
) -> tuple[_Entry | None, str]:
    for stem in (said[0][:_STEM], said[0][:2], said[0][:1]):
        for entry in entries.get(stem, ()):
            if entry.begins(said) and (meaning := entry.meaning(known)):
                return entry, meaning
    return None, ""


def _words_of(order: Order) -> frozenset[str]:
    options = [*(line.options for line in order.lines), *(each.options for each in order.variants)]
    texts = {word for each in options for pair in each.items() for word in pair}
    names = {line.name for line in order.lines}
    return frozenset(word for text in texts | names for word in tokens(text)).union(*map(nouns, names))

"""Which lines of an order a piece of text names: by their nouns, told apart by what stands around them."""

from collections.abc import Sequence
from functools import lru_cache

from contracts.base import Frozen
from workflows.returns.matching.tokens import word_set
from workflows.returns.types import OrderLine
from workflows.returns.wishes.words import tokens

SYNONYMS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "luggage": "suitcase case trunk trolley", "smartphone": "phone mobile cellphone", "bicycle": "bike",
        "bookshelf": "shelf bookcase shelve", "skateboard": "board deck", "camera": "cam", "dumbbell":
            "weight",
        "charger": "powerbank bank", "puzzle": "jigsaw", "makeup": "make-up", "jacket": "fleece", "sneaker":
            "trainer shoe",
        "earbud": "bud earphone headset", "t-shirt": "shirt tshirt", "bed": "basket", "keyboard": "keyboard",
        "wristwatch": "watch", "machine": "", "e-reader": "reader ebook", "kettle": "kettle", "grill":
            "bbq barbecue",
        "vacuum": "hoover", "laptop": "notebook-computer computer", "sunglass": "shade sunglasses", "bulb":
            "",
            "lamp":
            "",
        "headphone": "", "television": "tv", "trouser": "pant", "jumper": "sweater pullover",
        "sofa": "couch",
    }.items()
}  # fmt: skip
NOT_NOUNS = word_set(
    """set kit smart electric gaming led wireless digital indoor running desk wall water mechanical portable
    office garden yoga hiking pet patio air action bluetooth tea cycling light security maker machine cleaner
    coffee espresso"""
)
"""Parts of a name that do not name the thing by themselves, unless no other part is left."""
PHRASE = 6


class Mention(Frozen):
    """A thing named in a text.

    Attributes:
        lines: indexes of the order lines that it may be.
        at: which token it is.
    """

    lines: tuple[int, ...]
    at: int


@lru_cache(maxsize=4096)
def nouns(name: str) -> frozenset[str]:
    """Return the words that name a thing by themselves, given its whole name."""
    words = tokens(name)
    heads = [word for word in words if word not in NOT_NOUNS] or words[-2:]
    joined = {"".join(words)} if len(words) > 1 else set()
    more = {other for word in heads for other in SYNONYMS.get(word, ())}
    return frozenset({*heads, *more, *joined})


def mentions(text: str, lines: Sequence[OrderLine]) -> list[Mention]:
    """Return the things that a text names, in order.

    Two lines that share a noun are told apart by the rest of their name and by their options, as far as these
    stand beside the noun; what is not told apart is one mention of both.
    """
    words = tokens(text)
    by_line = [nouns(line.name) for line in lines]
    found: list[Mention] = []
    for place, word in enumerate(words):
        named = [index for index, heads in enumerate(by_line) if _names(word, heads)]
        named = named or _by_pair(words, place, lines)
        if named:
            best = _told_apart(words, place, named, lines)
            if found and found[-1].at == place - 1 and set(found[-1].lines) & set(best):
                best = [index for index in best if index in found[-1].lines]
                found.pop()
            found.append(Mention(lines=tuple(best), at=place))
    return found


def _names(word: str, heads: frozenset[str]) -> bool:
    return word in heads


def _by_pair(words: Sequence[str], place: int, lines: Sequence[OrderLine]) -> list[int]:
    """Return the lines named by two words side by side that are no nouns by themselves: `coffee maker`."""
    pair = tuple(words[place : place + 2])
    return [
        index
        for index, line in enumerate(lines)
        if (name := tokens(line.name))
        and not any(word not in NOT_NOUNS for word in name)
        and (
            pair == name[:2]
            or (pair[:1] == name[:1] and len(name) > 1 and words[place : place + 1] == name[:1])
        )
    ]


def _told_apart(words: Sequence[str], place: int, named: list[int], lines: Sequence[OrderLine]) -> list[int]:
    if len(named) == 1:
        return named
    around = words[max(0, place - PHRASE) : place + PHRASE + 1]
    before = words[max(0, place - 3) : place]
    scores = [_likeness(lines[index], around, before) for index in named]
    best = max(scores)
    return [index for index, score in zip(named, scores, strict=True) if score == best]


def _likeness(line: OrderLine, around: Sequence[str], before: Sequence[str]) -> float:
    name = set(tokens(line.name))
    options = {word for value in line.options.values() for word in tokens(value)}
    return (
        3.0 * len(name & set(before)) + 2.0 * len(options & set(before)) + len((name | options) & set(around))
    )

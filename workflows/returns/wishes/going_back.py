"""Which lines of an order go back."""

import re
from collections.abc import Iterable, Sequence

from workflows.returns.matching.quantities import NUMBER_WORDS
from workflows.returns.types import Order, OrderLine
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import RETURN, Part

_ALL = re.compile(
    r"\b(?:everything|(?:the )?whole (?:order|lot|thing|parcel)|all (?:of it|of them|"
    r"items|things|the items)|both (?:items|of them|things|of W?\d+)|the lot|take everything|alles|"
    r"toute la commande|todo el pedido|exchange them both)\b",
    re.I,
)
_ALL_COUNTED = re.compile(
    r"\b(?:(?:return|exchange) (?P<both>both)|both (?:go|are (?:coming|going))|"
    r"all (?P<count>three|four|five|six))\b",
    re.I,
)
"""All of what is named beside it; where nothing is, all of the order, if it has so many."""


_ALL_BUT = re.compile(r"\b(?:everything|all) (?:but|except|apart from|besides)\b|\(= all but", re.I)


_ONE = re.compile(r"\b(?:one of|only one|just one)\b", re.I)


_WITH = re.compile(r"\b(?:came|come|arrived|ordered|got) (?:together )?with (?:my|the)\b.{3,40}", re.I)


_COUNTED = re.compile(r"\b(?:one of|only one|just one|second|both)\b", re.I)
_ALSO = re.compile(r"\b(?:also|as well|too|and|plus|oh|both|all|everything)\b|^[-*\u2022\u2714]", re.I)


_IT_BACK = re.compile(
    r"\b(?:return(?:ing)?|send(?:ing)?|giv(?:e|ing)|tak(?:e|ing)) (?:it|them|both|this one|these|those)\b",
    re.I,
)


class _Heard:
    """What a letter says of each line of an order, as indexes."""

    def __init__(self, lines: Sequence[OrderLine]) -> None:
        self.lines = lines
        self.named: list[int] = []
        self.kept: set[int] = set()
        self.everything = False
        self.ambiguous = False

    def hear(self, piece: Part) -> None:
        """Take in one piece."""
        if piece.keeps and not RETURN.search(piece.text.split("keep")[0]):
            self.kept |= {each.lines[0] for each in mentions(piece.text, self.lines) if len(each.lines) == 1}
        elif _ALL_BUT.search(piece.text):
            self.everything = True
            tail = re.split(r"\b(?:but|except|apart from|besides)\b", piece.text)[-1]
            self.kept |= named_in([tail], self.lines)
        else:
            named = mentions(_WITH.sub(" ", piece.text), self.lines)
            if not re.search(r"\bnot (?:everything|all)\b", piece.text):
                self.everything |= bool(_ALL.search(piece.text))
                if (counted := _ALL_COUNTED.search(piece.text)) and not named:
                    self._count(NUMBER_WORDS[(counted["count"] or "both").lower()])
            for each in named:
                self._name(each.lines, piece.text)

    def _count(self, said: int) -> None:
        """Take in that so many are all: of the order, if it has so many lines or pieces."""
        if said in (len(self.lines), sum(line.quantity for line in self.lines)):
            self.everything = True
        else:
            self.ambiguous = True

    def _name(self, indexes: tuple[int, ...], text: str) -> None:
        one_of = bool(_ONE.search(text)) and same_thing(self.lines, indexes)
        if len(indexes) == 1 or (re.search(r"\b(?:both|two|2|all)\b", text, re.I) and not one_of):
            self.named += indexes
        elif same_thing(self.lines, indexes):
            self.named.append(indexes[0])
        else:
            self.ambiguous = True

    def chosen(self) -> list[int]:
        """Return what goes back; of an order with one line, that one."""
        all_but_kept = [index for index in range(len(self.lines)) if index not in self.kept]
        found = all_but_kept if self.everything else sorted(set(self.named))
        return found or ([0] if len(self.lines) == 1 else [])


def going_back(order: Order, pieces: Sequence[Part]) -> tuple[list[int], dict[str, float]]:
    """Return the indexes of the lines that go back, and the signs of how sure that is."""
    lines = order.lines
    telling = _telling(lines, pieces)
    heard = _Heard(lines)
    for piece in pieces:
        aside = telling and piece.sentence not in telling and not piece.keeps
        if not aside or _ALSO.search(piece.text):
            heard.hear(piece)
    chosen = set(heard.chosen())
    elsewhere = [each.text for each in pieces if not each.keeps and each.sentence not in telling]
    outside = named_in(elsewhere, lines)
    told = named_in([each.text for each in pieces if each.sentence in telling], lines)
    spoken = named_in([each.text for each in pieces if each.keeps], lines)
    signs = {
        "outside": bool(outside - chosen) or bool(telling and chosen & outside - told),
        "counted": any(_COUNTED.search(each.text) for each in pieces),
        "unspoken": len(lines) - len(chosen | spoken),
        "but": any(_ALL_BUT.search(each.text) for each in pieces),
        "ambiguous": heard.ambiguous,
        "conflict": bool(set(heard.named) & heard.kept) and not heard.everything,
        "all": heard.everything,
        "one_line": len(lines) == 1,
    }
    return sorted(chosen), {name: float(value) for name, value in signs.items()}


def _telling(lines: Sequence[OrderLine], pieces: Sequence[Part]) -> set[int]:
    """Return the sentences that say what goes back; of `return it` the one before, which says what it is."""
    telling: set[int] = set()
    named = None
    for piece in pieces:
        says = bool(mentions(piece.text, lines))
        if RETURN.search(piece.text) and says:
            telling.add(piece.sentence)
        elif named is not None and not piece.keeps and _IT_BACK.search(piece.text):
            telling.add(named)
        if says and not piece.keeps:
            named = piece.sentence
    return telling


def named_in(texts: Iterable[str], lines: Sequence[OrderLine]) -> set[int]:
    """Return the indexes of the lines that texts name, told apart or not."""
    return {index for text in texts for each in mentions(text, lines) for index in each.lines}


def same_thing(lines: Sequence[OrderLine], indexes: Iterable[int]) -> bool:
    """Say whether lines are of one and the same SKU."""
    return len({lines[index].sku for index in indexes}) == 1

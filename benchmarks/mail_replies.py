"""A question about a letter, put to its customer: their words say what the record did, the desk reads them.

The first reply only: what is unclear counts as a person's, though the desk would ask once more.
"""

import zlib
from collections import Counter
from dataclasses import dataclass

from benchmarks.mail_units import Done, Letter, done
from workflows.returns.asking_back import FEWEST, MOST, YES_NO
from workflows.returns.matching.replies import heard
from workflows.returns.reading import options_of, words_of
from workflows.returns.types import Order, OrderLine
from workflows.returns.wishes.asking import question_of
from workflows.returns.wishes.letter import Gap, Kind, OrderReading, Piece, Question

YES, NO = (0,), (1,)
SWAPS = (Kind.EXCHANGE, Kind.CHANGE_ITEMS)
SAID: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "yes": ("Yes, please.", "Yes, that's right.", "yes", "Yes please, thank you!"),
        "no": ("No.", "No, that's not it.", "no, not that"),
        "these": ("The {}, please.", "I mean the {}.", "{}", "Sorry, the {}. Thanks!"),
        "none": ("None of these.", "Something else."),
        "and": (" and the ",),
    },
    "de": {
        "yes": ("Ja, bitte.", "Ja, genau.", "ja"),
        "no": ("Nein.", "Nein, so nicht."),
        "these": ("{}, bitte.", "Ich meine: {}.", "{}"),
        "none": ("Nichts davon.", "Etwas anderes."),
        "and": (" und ",),
    },
    "fr": {
        "yes": ("Oui, s'il vous plaît.", "Oui, exactement.", "oui"),
        "no": ("Non.", "Non, pas ça."),
        "these": ("{}, s'il vous plaît.", "{}"),
        "none": ("Rien de tout cela.", "Autre chose."),
        "and": (" et ",),
    },
    "es": {
        "yes": ("Sí, por favor.", "Sí, correcto.", "sí"),
        "no": ("No.", "No, eso no."),
        "these": ("{}, por favor.", "{}"),
        "none": ("Nada de eso.", "Otra cosa."),
        "and": (" y ",),
    },
}
"""How customers say it, by language; which of them is a letter's own, and always the same."""


@dataclass(frozen=True)
class Asked:
    """A question about the reading of one order."""

    letter: Letter
    reading: OrderReading
    question: Question

    @property
    def _order(self) -> Order:
        return self.letter.customer.order(self.reading.order)

    @property
    def _wanted(self) -> list[Done]:
        return self.letter.wanted.get(self.reading.order, [])

    def meant(self) -> tuple[int, ...]:
        """Return the places of the choices that the record names; empty if it names none."""
        match self.question.gap:
            case Gap.CONFIRM:
                made = [done(wish, self._order) for wish in self.reading.wishes]
                return YES if _told(made) == _told(self._wanted) else NO
            case Gap.LINES:
                return self._lines_meant()
            case _:
                line = self._line(self.question.line)
                swaps = dict(pair for each in self._wanted if each[0] in SWAPS for pair in each[1])
                wanted = swaps.get(line.sku)
                return tuple(place for place, sku in enumerate(self.question.choices) if sku == wanted)

    def heard(self) -> tuple[int, ...]:
        """Return the places of what the desk hears in the reply; empty if a person has to read it."""
        return heard(self.reply(), self._choices(), self.question.gap.value, self._about()).picked

    def then(self, picked: tuple[int, ...]) -> OrderReading | None:
        """Return what the reading is with what was picked; None if a person has it, or more is missing."""
        if self.question.gap is Gap.CONFIRM:
            return self.reading if picked == YES else None
        chosen = [self.question.choices[place] for place in picked]
        match self.question.gap:
            case Gap.LINES if chosen:
                return self._with((Kind.RETURN,), [Piece(line=line) for line in chosen])
            case Gap.VARIANT if len(chosen) == 1 and self.reading.signs.get("open_lines") == 1:
                settled = [
                    piece for wish in self.reading.wishes if wish.kind in SWAPS for piece in wish.pieces
                ]
                return self._with(SWAPS, [*settled, Piece(line=self.question.line, sku=chosen[0])])
            case _:
                return None

    def _with(self, kinds: tuple[Kind, ...], pieces: list[Piece]) -> OrderReading | None:
        """Return the reading with the pieces of its one wish of these kinds; None if it has not one."""
        places = [place for place, wish in enumerate(self.reading.wishes) if wish.kind in kinds]
        if len(places) != 1:
            return None
        wishes = list(self.reading.wishes)
        wishes[places[0]] = wishes[places[0]].model_copy(update={"pieces": tuple(pieces)})
        return self.reading.model_copy(update={"wishes": tuple(wishes)})

    def reply(self) -> str:
        """Return what the customer writes."""
        meant = self.meant()
        if self.question.gap is Gap.CONFIRM:
            return self._says("yes" if meant == YES else "no")
        if not meant:
            return self._says("none")
        return self._says("these").format(self._says("and").join(self._names(place) for place in meant))

    def _lines_meant(self) -> tuple[int, ...]:
        kinds = {wish.kind for wish in self.reading.wishes}
        skus = Counter(
            sku for each in self._wanted if each[0] == Kind.RETURN and each[0] in kinds for sku in each[1]
        )
        found = []
        for place, line in enumerate(self.question.choices):
            if skus[self._line(line).sku] > 0:
                skus[self._line(line).sku] -= 1
                found.append(place)
        return tuple(found)

    def _names(self, place: int) -> str:
        """Return how the customer names a choice: as little as tells it apart, as people do."""
        choice = self.question.choices[place]
        if self.question.gap is Gap.LINES:
            line = self._line(choice)
            alike = [each for each in self._order.lines if each.name == line.name]
            return line.name if len(alike) == 1 else words_of(line)
        had = self._line(self.question.line).options
        wanted = next(each.options for each in self._order.variants if each.sku == choice)
        changed = [value for name, value in wanted.items() if value != had.get(name)]
        return ", ".join(changed or wanted.values())

    def _choices(self) -> list[str]:
        """Return the choices as the customer reads them."""
        match self.question.gap:
            case Gap.CONFIRM:
                return [choice.text for choice in YES_NO]
            case Gap.LINES:
                return [words_of(self._line(line)) for line in self.question.choices]
            case _:
                variants = {variant.sku: variant for variant in self._order.variants}
                return [options_of(variants[sku]) for sku in self.question.choices]

    def _about(self) -> str:
        if self.question.gap is Gap.VARIANT:
            return words_of(self._line(self.question.line))
        wishes = " and ".join(wish.kind.value.replace("_", " ") for wish in self.reading.wishes)
        pieces = [piece for wish in self.reading.wishes for piece in wish.pieces]
        return ", ".join([wishes, *(self._line(piece.line).name for piece in pieces)])

    def _line(self, line_id: str) -> OrderLine:
        return next(line for line in self._order.lines if line.id == line_id)

    def _says(self, what: str) -> str:
        ways = SAID.get(self.letter.language, SAID["en"])[what]
        return ways[zlib.crc32(f"{self.letter.task} {self.reading.order}".encode()) % len(ways)]


def asked_of(letter: Letter, reading: OrderReading) -> Asked | None:
    """Return what the letter's customer is asked about a weighed reading; None leaves it to a person.

    How it is paid, the desk asks nobody; which order is meant, it asks before it reads (`benchmarks.mail`).
    """
    question = question_of(reading)
    if question is None or not reading.wishes:
        return None
    few_enough = question.gap is Gap.CONFIRM or FEWEST <= len(question.choices) <= MOST
    asks = question.gap in (Gap.CONFIRM, Gap.LINES, Gap.VARIANT) and few_enough
    return Asked(letter, reading, question) if asks else None


def _told(wishes: list[Done]) -> list[str]:
    """Return what a customer is told of wishes when they are read back: all but the way to pay."""
    return sorted(str(wish[:1] if wish[0] == Kind.CHANGE_PAYMENT else wish[:2]) for wish in wishes)

"""True sentences made untrue, one thing each, by a seed: a number, a date, a name, a negation, a swap."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.content_drafts import Told
from workflows.content.checking.values import same_name
from workflows.content.checking.verdict import Verdict, Word
from workflows.content.claims.claim import Kind, Part, claims_in, parts_in
from workflows.content.claims.dates import MONTHS, WEEKDAYS
from workflows.content.claims.values import Moment, Quantity
from workflows.content.evidence import SourceText

_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|will|would|should|does|did)\b(?! not|n't)"
)
_NOT = re.compile(r"\s+not\b|(?<=\w)n[\u2019']t\b|\bnever\s+")


@dataclass(frozen=True)
class Mutant:
    """An untrue sentence, where it is so, and what stands there in truth."""

    kind: str
    told: Told
    text: str
    start: int
    end: int
    truth: str


def plausible_names(texts: Sequence[SourceText]) -> list[str]:
    """Return what names are exchanged for: names of two texts or more that are no words there as well."""
    seen: dict[str, set[str]] = {}
    for text in texts:
        for claim in claims_in(text.prose):
            for part in claim.parts:
                if part.kind is Kind.NAME:
                    seen.setdefault(part.written, set()).add(text.name)
    written = " ".join(text.prose.text for text in texts)
    words = {word for word in re.findall(r"[^\W_]+", written) if word.islower()}
    return sorted(
        name
        for name, where in seen.items()
        if len(where) > 1 and not any(word.lower() in words for word in name.split())
    )


def mutants(told: Sequence[Told], names: Sequence[str], seed: int) -> list[Mutant]:
    """Return one mutant of each kind that each sentence allows."""
    found = []
    for each in told:
        chance = random.Random(f"{seed} {each.original}")
        parts = parts_in(each.text)
        for kind, wanted in (
            ("number", (Kind.NUMBER, Kind.MONEY)),
            ("date", (Kind.DATE,)),
            ("name", (Kind.NAME,)),
        ):
            if here := [part for part in parts if part.kind in wanted]:
                part = chance.choice(here)
                if other := _other(part, each.text, names, chance):
                    found.append(_put(kind, each, part.start, part.end, other))
        found += filter(None, (_negated(each, chance), _swapped(each, parts)))
    return found


def caught(mutant: Mutant, verdict: Verdict) -> bool:
    """Tell whether a verdict is `differs`, at the very words that are untrue."""
    if verdict.word is not Word.DIFFERS:
        return False
    if mutant.kind == "negation":
        return any(_of_negation(each.source) or _of_negation(each.draft) for each in verdict.differences)
    return any(each.start < mutant.end and mutant.start < each.end for each in verdict.differences)


def _of_negation(written: str) -> bool:
    return written == "not negated"


def _put(kind: str, told: Told, start: int, end: int, other: str) -> Mutant:
    text = told.text[:start] + other + told.text[end:]
    return Mutant(kind, told, text, start, start + len(other), told.text[start:end])


def _other(part: Part, sentence: str, names: Sequence[str], chance: random.Random) -> str:
    if isinstance(part.value, Quantity):
        return _other_number(part.written, chance)
    if isinstance(part.value, Moment):
        return _other_date(part.written, chance)
    fits = [name for name in names if not same_name(name, part.written) and name not in sentence]
    return chance.choice(fits)


def _other_number(written: str, chance: random.Random) -> str:
    """Return a number written alike: other digits, or another number word; empty if there is none."""
    if digits := re.search(r"\d[\d,]*(?:\.\d+)?", written):
        new = _other_digits(digits[0], chance)
        return written[: digits.start()] + new + written[digits.end() :]
    for words in (_SMALL, _ORDINALS):
        for word in words:
            if re.search(rf"\b{word}\b", written, re.I):
                other = chance.choice([each for each in words if each != word])
                return re.sub(rf"\b{word}\b", other, written, flags=re.I)
    return ""


def _other_digits(written: str, chance: random.Random) -> str:
    while True:
        at = chance.choice([at for at, sign in enumerate(written) if sign.isdigit()])
        digit = chance.choice("123456789" if at == 0 else "0123456789")
        new = written[:at] + digit + written[at + 1 :]
        if Decimal(new.replace(",", "")) != Decimal(written.replace(",", "")):
            return new


def _other_date(written: str, chance: random.Random) -> str:
    """Return a date written alike with another year, month, day or weekday."""
    ways = []
    if year := re.search(r"\b\d{4}", written):
        other = str(int(year[0]) + chance.choice((-3, -2, -1, 1, 2, 3)))
        ways.append(written[: year.start()] + other + written[year.end() :])
    for months in (
        [name for name in MONTHS if len(name) > 3 and name != "Sept"],
        [day.title() for day in WEEKDAYS],
    ):
        for name in months:
            if re.search(rf"\b{name}", written):
                ways.append(written.replace(name, chance.choice([each for each in months if each != name])))
    if day := re.search(r"(?<![\d/-])\d{1,2}(?=\b|st|nd|rd|th)(?![/-])", written):
        other = str(chance.choice([each for each in range(1, 29) if each != int(day[0])]))
        ways.append(written[: day.start()] + other + written[day.end() :])
    return chance.choice(ways) if ways else ""


def _negated(told: Told, chance: random.Random) -> Mutant | None:
    """Take one negation away, or put one behind an auxiliary verb."""
    if there := list(_NOT.finditer(told.text)):
        gone = chance.choice(there)
        text = told.text[: gone.start()] + told.text[gone.end() :]
        return Mutant("negation", told, text, gone.start(), gone.start(), gone[0].strip())
    if verbs := list(_AUXILIARY.finditer(told.text)):
        at = chance.choice(verbs).end()
        return Mutant("negation", told, f"{told.text[:at]} not{told.text[at:]}", at + 1, at + 4, "")
    return None


def _swapped(told: Told, parts: Sequence[Part]) -> Mutant | None:
    """Exchange the first two numbers, dates or names of one kind; the first place is what must be found."""
    for kind in (Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.NAME):
        here = [part for part in parts if part.kind is kind]
        if len(here) > 1 and here[0].value != here[1].value and not _alike(here[0], here[1]):
            one, two = here[0], here[1]
            between = told.text[one.end : two.start]
            if re.fullmatch(r"\s*(?:,|and|or|&|,\s*and)?\s*", between):
                continue  # a list says the same in any order
            text = told.text[: one.start] + two.written + between + one.written + told.text[two.end :]
            return Mutant(
                "swap",
                told,
                text,
                one.start,
                one.start + len(two.written) + len(between) + len(one.written),
                one.written,
            )
    return None


def _alike(one: Part, other: Part) -> bool:
    return one.kind is Kind.NAME and same_name(one.written, other.written)

"""How many pieces of an order line a text means: numbers in the clauses about the line."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from workflows.returns.matching.tokens import Clause, clauses, normalised, tokens, word_set

NUMBER_WORDS = {
    "one": 1, "two": 2, "both": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12,
}  # fmt: skip
_MORE = {
    "single": 1, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_WORDS = NUMBER_WORDS | _MORE
_BOTH = re.compile(r"\bboth\b")
_COUNT = rf"(?:{'|'.join(_WORDS)}|\d{{1,3}})"
_NUMBER = rf"(?P<number>{_COUNT})"
_NO_PIECES = (
    r"(?! ?(?:%|°|€|\$|euro|eur\b|usd|dollar|pound|cent|day|week|month|year|hour|minute|time|star|degree|"
    r"size|cm\b|mm\b|ml\b|l\b|kg\b|g\b|inch|o'clock|am\b|pm\b))"
)
"""A number before one of these counts something else."""
_BETWEEN = word_set(
    """big little new old broken damaged faulty defective wrong other same single unopened unused extra spare
    remaining torn cracked leaking more identical s m l xs xl"""
)
"""What may stand between a number and what is counted, besides the line's own words."""
_VERB = (
    r"(?:has|have|had|is|are|was|were|arrived|came|broke|does|do|did|got|go|goes|can|should|must|back|please|"
    r"works?|leaks?|fits?|looks?|turned|stopped|fell|shows?|\w+n't)\b"
)
_OF = re.compile(
    rf"\b{_NUMBER} (?:out )?of (?:(?:the |my |our |these |those |its ){_COUNT}?|{_COUNT}|them|it)\b"
)
_TOO_MANY = re.compile(rf"\b{_NUMBER} (?:too many|extra|more than i (?:need|ordered|wanted))\b")
_THESE = re.compile(rf"(?<!of )\b(?:the other|the|these|those|that|this|other) {_NUMBER}\b(?=$| {_VERB})")
_DO = re.compile(
    r"\b(?:return|refund|send(?:ing)?(?: back)?|exchange|swap|give back|cancel)(?:ing)? (?:only |just )?"
    rf"{_NUMBER}\b(?=$| {_VERB}| (?:of|for|please|as|because|since)\b)"
)
_SUBJECT = re.compile(rf"(?:^|\band |\bonly |\bjust ){_NUMBER} (?={_VERB})")
_ONLY_SAID = r"(?:need|needed|want|wanted|keep|kept|meant to (?:order|buy|get)|wanted to (?:order|buy|get))"
_ONLY = re.compile(
    rf"\b(?:only|just) {_ONLY_SAID}(?: only| just)? {_NUMBER}\b"
    rf"|\b{_ONLY_SAID} (?:only|just) (?P<only>{_COUNT})\b"
)
_ALL = re.compile(
    rf"\ball (?:of )?(?:the|my|our|these|those|them|it|(?P<number>{_COUNT}))\b"
    r"|\b(?:them|these|those|they) (?:are |were )?all\b"
    r"|\b(?:return|refund|cancel|exchange|send) (?:it )?all\b|\beverything\b(?! else)"
    r"|\b(?:every|each) (?:of|one)\b"
    r"|\b(?:whole|entire|complete|full) (?:order|lot|purchase|set)\b"
)
_VAGUE = re.compile(
    r"\b(?:some|several|a few|few|a couple|couple of|half|most of|part of|not all|almost all)\b"
    rf"|\b{_COUNT} (?:or|to|and a) {_COUNT}\b|\b{_COUNT}[-/]{_COUNT}\b"
    rf"|\b{_COUNT} dozens?\b|\bdozens of\b|\b(?:pairs?|hundreds?|thousands?) of\b"
    rf"|\b(?:{_COUNT}|a) (?:hundred|thousand)\b|\bhundred\b|[½¼¾⅓⅔]"
    r"|\b(?:thirds?|quarters?|fourths?) of\b|\bevery (?:other|second|third)\b|\b(?:none of|zero|neither)\b"
    rf"|\b(?:at least|at most|up to|(?:no )?(?:more|less|fewer) than|around|roughly|approximately|almost|"
    rf"nearly) (?:the )?{_COUNT}\b{_NO_PIECES}"
    rf"|(?:\bnot|n't)\b(?: \w+){{0,3}} (?<!at )all (?:of )?(?:the|my|our|these|those|them|it|{_COUNT})\b"
    rf"|\b(?:i mean|i meant|make (?:it|that)|or rather|correction|actually)\b(?: \w+){{0,2}} {_COUNT}\b"
    r"|\bor (?:two|three|more|so)\b|\bnot the (?:\w+ )?ones?\b(?! (?:i|we|you|that)\b)"
    r"|\bexcept the (?!first|second|third|fourth|fifth|last|other)\w+ ones?\b|\b(?:i{2,3}|iv|vi{1,3}|ix)\b"
    r"|(?:^| )-\d|(?<!\b100) ?(?:%|\bper ?cent\b)"
)
"""What says that it is not all, or no number that stands by itself: people or the customer say how many."""
_BOUGHT = re.compile(r"\b(?:order(?:ed)?|bought|buy|purchased?|got|received?|delivered|sent me|came with)\b")
_PLURAL = re.compile(r"\b(?:they|them|these|those|they're)\b")
_NTH = r"(?:first|second|third|fourth|fifth|last|other)"
_LONE = re.compile(rf"\b(?<!-)(?P<number>{_COUNT})\b(?!-){_NO_PIECES}")
_ORDINAL = re.compile(rf"\bthe {_NTH}\b(?! (?:day|week|month|time|year))")
_THAT_ONE = re.compile(
    r"\b(?!(?:except|keep|keeping|than|return|refund|only|just|but|need|want|and|minus|for|back) )\w+ one\b"
)
"""`the blue one`: a piece that is named, and no number."""
MOST_READ = 50
"""Of so many lines of several pieces it is read from a text how many are meant; of more, people read it."""


class Asked(Frozen):
    """How many pieces of one line are meant.

    Attributes:
        quantity: None means all of them.
        doubt: why it is not certain, in words for a person; empty if it is.
    """

    quantity: int | None = None
    doubt: str = ""


class Bought(Frozen):
    """One order line: what it is called, its options, and how many pieces were bought."""

    name: str
    options: str = ""
    quantity: int

    @property
    def words(self) -> str:
        """How a customer would name it."""
        return f"{self.name} {self.options}".rstrip()

    @property
    def noun(self) -> str:
        """What one piece of it is: the last word of its name."""
        return (tokens(self.name) or ("",))[-1]

    @property
    def is_plural(self) -> bool:
        """True where its own name is a plural (`shoes`): then a plural tells nothing of how many."""
        last = (normalised(self.name).split() or [""])[-1]
        return last != self.noun


class _Says(Enum):
    BACK = auto()
    KEPT = auto()
    ALL = auto()
    VAGUE = auto()
    PLURAL = auto()
    SINGULAR = auto()
    UNREAD = auto()


@dataclass
class _Heard:
    """What the clauses about one line say of how many go back, how many are kept, and else."""

    back: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    said: set[_Says] = field(default_factory=set)


def asked_quantities(text: str, order: Sequence[Bought], picked: Sequence[int]) -> list[Asked]:
    """Return how many pieces of each picked line a text means.

    A line of one piece needs no number. Of a line of several the text must say how many: by a number
    (`one of the three mugs`), by what is kept (`I keep two`), by `all`, or by naming it in the plural.
    What contradicts itself, holds a number that was not read, or says nothing of it, is in doubt.

    Args:
        text: what the customer wrote, the part about this order.
        order: all its lines.
        picked: which of them the request is about.
    """
    several = [index for index in picked if order[index].quantity > 1]
    if len(several) > MOST_READ:
        doubt = Asked(doubt=f"how many pieces of {len(several)} lines are meant")
        return [doubt if index == several[0] else Asked() for index in picked]
    heard = _listen(text, order, picked, several)
    return [_asked(order[index], heard[index]) for index in picked]


def spoken_numbers(text: str, order: Sequence[Bought], place: int) -> frozenset[int]:
    """Return how many pieces of one line a text says in numbers; empty where it says none, or names all."""
    line = order[place]
    if line.quantity <= 1:
        return frozenset()
    heard = _listen(text, order, [place], [place])[place]
    return frozenset(heard.back or {line.quantity - kept for kept in heard.kept})


def says_both(text: str) -> bool:
    """Say whether a text speaks of both: of three pieces nobody knows which two."""
    return any(_BOTH.search(clause.text) and not clause.keeps for clause in clauses(text))


def _asked(line: Bought, heard: _Heard) -> Asked:
    bought, said = line.quantity, heard.said
    if bought == 1:
        return Asked()
    doubt = Asked(doubt=f"how many of {line.name} are meant, {bought} were bought")
    if _Says.VAGUE in said or len(heard.back) > 1 or len(heard.kept) > 1:
        return doubt
    back, kept = next(iter(heard.back), None), next(iter(heard.kept), None)
    if back is None and kept is not None:
        back = bought - kept
    if back is None:
        plural = _Says.PLURAL in said and not said & {_Says.SINGULAR, _Says.UNREAD}
        return Asked() if _Says.ALL in said or plural else doubt
    fits = 1 <= back <= bought and (kept is None or back + kept == bought)
    if not fits or (_Says.ALL in said and back != bought):
        return doubt
    return Asked(quantity=None if back == bought else back)


def _listen(
    text: str, order: Sequence[Bought], picked: Sequence[int], several: Sequence[int]
) -> dict[int, _Heard]:
    """Go through the clauses; one that names no line is about the lines that were named before it.

    Only of lines of several pieces is there anything to hear.
    """
    heard = {index: _Heard() for index in picked}
    if not several:
        return heard
    names = _own_words(order)
    about = set(picked) if len(picked) == 1 else set()
    for clause in clauses(text):
        said = set(clause.tokens)
        named = {index for index, own in enumerate(names) if own & said}
        about = named or about
        whole = bool(_ALL.search(clause.text)) and not named
        for index in several:
            if index in about or whole:
                _hear(heard[index], clause, order[index])
    return heard


def _own_words(order: Sequence[Bought]) -> list[set[str]]:
    """Return for each line the words that name it and no other; all its words if others have the same."""
    words = [set(tokens(line.words)) for line in order]
    lines_with = Counter(word for each in words for word in each)
    return [{word for word in each if lines_with[word] == 1} or each for each in words]


def _hear(heard: _Heard, clause: Clause, line: Bought) -> None:
    told = bool(_BOUGHT.search(clause.text))
    for says, number in _numbers(clause.text, line):
        if says is _Says.BACK and told and number == line.quantity:
            continue  # "I ordered three": that is how many were bought
        if says is _Says.VAGUE:
            heard.said.add(says)
        elif says is _Says.KEPT or (says in (_Says.BACK, _Says.UNREAD) and clause.keeps):
            heard.kept.add(number)
        elif says is _Says.BACK:
            heard.back.add(number)
        elif not clause.keeps and not (told and says in (_Says.PLURAL, _Says.UNREAD)):
            heard.said.add(says)


def _numbers(text: str, line: Bought) -> Iterator[tuple[_Says, int]]:
    """Yield what one clause says of how many; each number once, by the first pattern that takes it."""
    left = text
    for says, pattern in (
        (_Says.KEPT, _ONLY),
        (_Says.BACK, _TOO_MANY),
        (_Says.ALL, _ALL),
        (_Says.BACK, _OF),
        (_Says.BACK, _counting(line)),
        (_Says.BACK, _nth(line)),
        (_Says.BACK, _THESE),
        (_Says.BACK, _DO),
        (_Says.BACK, _SUBJECT),
    ):
        for found in pattern.finditer(left):
            words = found.groupdict()
            number = _value(words.get("number") or words.get("only") or "one")
            # "All two" of four: two are meant, whatever happened to the others.
            counted = says is _Says.ALL and words.get("number") and number != line.quantity
            yield _Says.BACK if counted else says, number
        left = pattern.sub(lambda found: "." * len(found.group()), left)
    if _VAGUE.search(text):
        yield _Says.VAGUE, 0
    for found in _LONE.finditer(_THAT_ONE.sub("", left)):
        yield _Says.UNREAD, _value(found["number"])
    if _ORDINAL.search(left):
        yield _Says.UNREAD, 1
    yield from _grammar(text, line)


def _grammar(text: str, line: Bought) -> Iterator[tuple[_Says, int]]:
    """Yield whether a clause speaks of the line in the singular or the plural; its own name tells neither."""
    if line.is_plural:
        return
    forms = [word for word in re.findall(r"[a-z][a-z'-]*", text) if line.noun in tokens(word)]
    if line.noun in forms:
        yield _Says.SINGULAR, 0
    if any(form != line.noun for form in forms) or _PLURAL.search(text):
        yield _Says.PLURAL, 0


def _counting(line: Bought) -> re.Pattern[str]:
    """Return what finds a number before a line's own word: `two blue T-shirts`, `a mug`."""
    own = sorted(set(tokens(line.words)), key=len, reverse=True)
    between = "|".join(re.escape(each) for each in [*own, *sorted(_BETWEEN)])
    counted = rf"(?:{re.escape(line.noun)}(?:e?s)?|ones?|pieces?|of them)"
    return re.compile(rf"\b(?:{_NUMBER}|an?) (?:(?:{between})s? ){{0,4}}{counted}\b")


def _nth(line: Bought) -> re.Pattern[str]:
    """Return what finds one piece among several: `the last mug`, `the other one`."""
    return re.compile(rf"\b{_NTH} (?:{re.escape(line.noun)}|one)\b")


def _value(word: str) -> int:
    return _WORDS[word] if word in _WORDS else int(word)

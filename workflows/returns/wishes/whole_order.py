"""Whether a cancellation means the whole order: what a text says of parts of it, in English and German."""

import re
from collections.abc import Iterator, Sequence

from workflows.returns.matching.quantities import NUMBER_WORDS
from workflows.returns.matching.tokens import clauses, normalised, tokens, word_set
from workflows.returns.types import OrderLine
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import CANCEL

READ = ("", "en", "de")
"""Languages whose numbers and turns of speech are known here; empty where nobody said which it is."""
MOST_TOLD_APART = 50
"""Of so many lines it is told which of them a text names; of more, whether it names any."""
MOST_CLAUSES = 200
"""Of a longer text nobody is sure that it speaks of all."""
LEAST_STEM = 4
"""Letters of a name's word that are found within a longer word: `tasse` in `kaffeetassen`."""
_WORDS = NUMBER_WORDS | {
    "zwei": 2, "beide": 2, "beiden": 2, "drei": 3, "vier": 4, "fünf": 5, "fuenf": 5, "sechs": 6,
    "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12, "zwoelf": 12, "dutzend": 12,
}  # fmt: skip
_NUMBER = re.compile(
    rf"(?<![\w.,:/#$€£-])(?P<number>{'|'.join(_WORDS)}|\d{{1,3}})(?![\w-]|[.,:/]\d)"
    r"(?! ?(?:%|°|€|\$|£|euro|eur\b|usd|dollar|pound|cent|days?\b|weeks?\b|months?\b|years?\b|hours?\b|"
    r"minutes?\b|mins?\b|times\b|stars?\b|tage?n?\b|wochen?\b|monate?n?\b|jahre?n?\b|stunden?\b|"
    r"minuten?\b|uhr\b|"
    r"mal\b|o'clock|am\b|pm\b|cm\b|mm\b|ml\b|kg\b|jan|feb|mar|apr|may\b|mai\b|jun|jul|aug|sep|oct|okt|nov|"
    r"dec|dez))"
)
_NO_PIECE = re.compile(r"\b(?:no|any|every|some|wrong|right|better|cheaper|nicer|new|another) one\b")
"""`the wrong one` is a piece that is spoken of, and no number."""
_EIN = re.compile(
    r"\beine?[nrms]?(?= (?:der|von|davon|stück|stueck|reicht|genügt|genuegt|weniger|bitte|storn|zurück|"
    r"zu viel))"
    r"|\b(?:nur|bloß|lediglich) (?:noch )?eine?[nrs]?\b"
)
_PART = re.compile(
    r"\b(?:half|part of|partly|partial(?:ly)?|some of|several|a few|few of|a couple|couple of|most of|"
    r"not all|(?:the|my|any) others?|others|the rest|remaining|remainder|the extra|extras?|spare|surplus|"
    r"additional|superfluous|twice|doubles?|doubled|duplicates?|too many|more than|fewer|reduce|lower the|"
    r"except|besides|other than|apart from|excluding|minus|not the|"
    r"(?:from|(?<!call )(?<!called )(?<!calling )off|out of) (?:my|the|this|that) order|"
    r"the (?:first|second|third|fourth|fifth|last)(?! (?:day|week|month|time|year)))\b"
    r"|\b(?:halb\w*|hälfte|haelfte|teile?|teilweise|teilstorn\w*|einige[rns]?|ein paar|paar von|mehrere|"
    r"(?:die|den|das|der|alle|dem) anderen?|rest|restliche\w*|übrige\w*|uebrige\w*|zusätzliche\w*|"
    r"zusaetzliche\w*|überzählige\w*|überflüssige\w*|"
    r"(?:der|die|das|den|dem) (?:erste|zweite|dritte|letzte)[nrs]?|"
    r"doppelt\w*|zu ?viele?|außer|ausser|bis auf|ausgenommen|ohne die|ohne den|ohne das|weniger|reduzier\w*|"
    r"nicht (?:die|den|das)|aus (?:meiner|der|dieser) bestellung)\b"
)
_KEEPS = re.compile(
    r"\b(?:keep|keeping|kept|stays?|staying|leave|behalte\w*|behält|bleiben?|(?:still|do|noch) (?:want|need)|"
    r"brauche|brauchen|benötige\w*|möchte ich (?:noch|weiterhin))\b(?! (?:to|it back|my money)\b)"
)
_NOT = re.compile(r"\b(?:not|never|no longer|no|cannot|\w+n't|dont|nicht|kein\w*|nie)\b")
_WHOLE = re.compile(
    r"\b(?:whole|entire|complete|full) (?:order|lot|purchase|thing)\b"
    r"|\beverything\b(?! (?:else|but|except))|\b(?:it|them) all\b|\ball of (?:it|them)\b|\bcancel all\b$"
    r"|\b(?:ganze\w*|gesamte\w*|komplette\w*|vollständige\w*) (?:bestellung|auftrag|einkauf)\b"
    r"|\b(?:alles|komplett|vollständig)\b"
)
_ALL = re.compile(r"\b(?:all|every|each|alle[nr]?|sämtliche\w*|jede[nrs]?)\b")
_THINGS = re.compile(r" (?:items?|things?|products?|articles?|lines?|goods|artikel|produkte?|sachen|dinge)\b")
_SAID_OF_ORDERS = word_set("order orders bestellung cancel please card money refund price back")
"""Words of a letter that stand in names, too, and name nothing here."""


def part_meant(text: str, lines: Sequence[OrderLine], language: str = "") -> str:
    """Return why a text that asks to cancel an order may mean a part of it; empty if it means all.

    Of an order of one piece there is no part. Of any other, nothing may speak of less than all: no number
    but that of all pieces, none that is kept, and no line that is named without the others.

    Args:
        text: what the customer wrote of this order.
        lines: all its lines.
        language: the text's, two letters; in one that is not read here nothing is said to mean all.
    """
    pieces = sum(line.quantity for line in lines)
    if pieces <= 1:
        return ""
    if language not in READ:
        return f"a text in {language!r} may mean some of its {pieces} pieces"
    said = [clause.text for clause in clauses(text)]
    if len(said) > MOST_CLAUSES:
        return "the text is too long to be sure that it means all of it"
    if any(_PART.search(clause) or _keeps(clause) for clause in said):
        return "the text speaks of a part of it"
    in_names = _numbers_of_names(lines)
    counted = next((each for clause in said for each in _counts(clause, lines, pieces, in_names)), None)
    if counted is not None:
        return f"the text says {counted}, and it has {pieces} pieces"
    whole = any(_WHOLE.search(clause) and CANCEL.search(clause) for clause in said)
    return "" if whole else _names_a_part(said, lines)


def _keeps(clause: str) -> bool:
    found = _KEEPS.search(clause)
    return bool(found) and not _NOT.search(clause)


def _numbers_of_names(lines: Sequence[OrderLine]) -> set[str]:
    """Return the numbers that are sizes or stand in names."""
    words = (" ".join([line.name, *line.options.values()]) for line in lines)
    return {number for each in words for number in re.findall(r"\d+", each)}


def _counts(clause: str, lines: Sequence[OrderLine], pieces: int, in_names: set[str]) -> Iterator[int]:
    """Yield the numbers of a clause that are not those of all that is spoken of there."""
    text = _NO_PIECE.sub(" ", clause)
    if _EIN.search(text):
        yield 1
    for found in _NUMBER.finditer(text):
        word = found["number"]
        value = _value(word)
        things = len(lines) if _THINGS.match(text, found.end()) else pieces
        if word in in_names or value in (pieces, things):
            continue
        if value not in {line.quantity for line in _named(clause, lines)}:
            yield value


def _named(text: str, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Return the lines that a text names."""
    if len(lines) > MOST_TOLD_APART:
        return [line for line in lines if _says_name(set(tokens(text)), line)]
    places = {place for each in mentions(text, lines) for place in each.lines}
    if not places:
        said = set(tokens(text))
        places = {place for place, line in enumerate(lines) if _says_name(said, line)}
    return [line for place, line in enumerate(lines) if place in places]


def _says_name(said: set[str], line: OrderLine) -> bool:
    """Say whether a word of the line's name is said, also within a longer word."""
    own = {part for word in tokens(line.name) for part in (word, *word.split("-"))} - _SAID_OF_ORDERS
    return any(
        word == each or (len(each) >= LEAST_STEM and each in word)
        for each in own
        for word in said - _SAID_OF_ORDERS
    )


def _names_a_part(said: Sequence[str], lines: Sequence[OrderLine]) -> str:
    """Return what speaks for some lines, or for some pieces of one, by how they are named."""
    text = " . ".join(said)
    named = _named(text, lines)
    if named and len(named) < len(lines):
        return f"the text names {', '.join(line.name for line in named[:3])}, and it has {len(lines)} lines"
    chosen = _by_options(set(tokens(text)), lines)
    if chosen and len(chosen) < len(lines):
        return f"the text names {', '.join(' '.join(line.options.values()) for line in chosen[:3])}"
    for line in named:
        if line.quantity > 1 and not any(_all_of(clause, line) for clause in said):
            return f"the text does not say that all {line.quantity} of {line.name} are meant"
    return ""


def _by_options(said: set[str], lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Return the lines of which an option is said that not all have."""
    options = [set(tokens(" ".join(line.options.values()))) for line in lines]
    common = set.intersection(*options) if options else set()
    return [line for line, own in zip(lines, options, strict=True) if said & (own - common)]


def _all_of(clause: str, line: OrderLine) -> bool:
    """Say whether a clause that names a line means all its pieces: by the plural, `all`, or their number."""
    if not _named(clause, [line]):
        return False
    if _ALL.search(clause) or any(
        _value(found["number"]) == line.quantity for found in _NUMBER.finditer(clause)
    ):
        return True
    noun = (tokens(line.name) or ("",))[-1]
    forms = [word for word in re.findall(r"[^\W\d_][\w'-]*", normalised(clause)) if noun in tokens(word)]
    plural_name = (normalised(line.name).split() or [""])[-1] != noun
    return not plural_name and bool(forms) and all(form != noun for form in forms)


def _value(word: str) -> int:
    return _WORDS[word] if word in _WORDS else int(word)

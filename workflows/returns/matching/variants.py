"""Which variant of a product a text asks for: only what it names, never what is near in meaning."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workflows.returns.matching.items import Match
from workflows.returns.matching.tokens import normalised, tokens

_UNIT = "ml|cl|l|gb|tb|cm|mm|m|inch|oz|kg|g|w|mah"
_UNITS = re.compile(rf"(\d)\s+({_UNIT})\b")
_ARROW = re.compile(r"\s?(?:[-=]{1,3}>|\u2192)\s?")
_NOT_A_VALUE = re.compile(r"\s*(?:days?|weeks?|months?|years?|hours?|minutes?|times?|euros?|am|pm|o'clock)\b")
_HAD = (
    r"instead of|rather than|in place of|not|no longer|isn't|wasn't|from|than|too|sent(?: me)?|received|got|"
    r"gave|given|delivered|arrived(?: in)?|came(?: in)?|have|has|had|ordered|bought|purchased|was|is|are|"
    r"were|exchange|exchanging|swap|swapping|change|changing|replace|replacing|return|returning|switch|trade|my|this|"
    r"these|current"
)
_WANTED = (
    r"do you have|have you got|(?:could|can|may) i (?:have|get)|is there|are there|"
    r"want|wants|wanted|need|needs|like|prefer|rather have|get|send|send me|to|for|into|in|with|take|choose|"
    r"pick|go|should (?:be|have been)|meant|available"
)
_SMALL = ("in", "with", "for", "to")
_CUE = re.compile(rf"\b(?:(?P<had>{_HAD})|(?P<wanted>{_WANTED}))\b")
_STOPS = re.compile(r"[.!?;\n]")
_BIGGER = re.compile(
    r"\b(?:bigger|larger|longer|wider|sizes? up|next size up|too (?:s|xs|tight|short|narrow))\b"
)
_SMALLER = re.compile(
    r"\b(?:smaller|shorter|narrower|sizes? down|next size down|too (?:l|xl|big|long|loose|wide))\b"
)
_SAME = re.compile(
    r"\b(?:same|another one|new one|replacement|replace|what i ordered|right one|correct one|"
    r"a working one)\b"
)
_LETTERS = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")

Options = dict[str, str]


@dataclass(frozen=True)
class _Reading:
    """What the text says of each option: values it asks for, by the option's name."""

    wanted: dict[str, str]
    contradictory: bool


def match_variant(text: str, choices: Sequence[str], current: str = "") -> Match | None:
    """Find the one variant a text asks for.

    What the text names as had ("instead of blue", "from S to M", "I got black") is not wanted. An
    option that it does not name must stay as it is, when `current` tells how it is.

    Args:
        text: what the customer wrote about this line.
        choices: each variant's options, `colour: blue, size: 42`.
        current: the line as it was bought: its name and options.

    Returns:
        A match; unsure when several variants fit; None when the text names no option.
    """
    variants = [_options(choice) for choice in choices]
    words = _UNITS.sub(r"\1\2", _ARROW.sub(" to ", normalised(text)))
    had = _had(variants, current)
    reading = _read(words, variants, had)
    if reading.contradictory:
        return Match(picked=(), rule="it names two values of one option", sure=False)
    if not reading.wanted:
        return _by_comparison(words, variants, had, {}) or _same_again(words, variants, had)
    fitting = [
        index
        for index, options in enumerate(variants)
        if all(options.get(name) == value for name, value in reading.wanted.items())
    ]
    as_is = [index for index in fitting if _unchanged(variants[index], had, reading.wanted)]
    if len(as_is) == 1:
        return Match(picked=(as_is[0],), rule="named by its options", sure=True)
    if not as_is and (compared := _by_comparison(words, variants, had, reading.wanted)):
        return compared
    rule = f"{len(fitting)} variants have what it names, {len(as_is)} keep the rest as it was"
    return Match(picked=tuple((as_is or fitting)[:1]), rule=rule, sure=False)


def _options(choice: str) -> Options:
    """Parse `colour: blue, size: 42`; a choice of another form is one option without a name."""
    pairs = [part.partition(":") for part in choice.split(",")]
    if all(colon for _, colon, _ in pairs):
        return {name.strip(): _UNITS.sub(r"\1\2", normalised(value.strip())) for name, _, value in pairs}
    return {"": normalised(choice)}


def _had(variants: Sequence[Options], current: str) -> Options:
    """Return the current value of each option: the one whose words all stand in `current`.

    It is empty if no variant has the current value, so that every variant changes it.
    """
    bought = set(tokens(_UNITS.sub(r"\1\2", normalised(current))))
    had = {}
    if bought:
        for name in {name for options in variants for name in options}:
            values = {options[name] for options in variants if name in options}
            inside = [value for value in values if set(tokens(value)) <= bought]
            only = values.pop() if len(values) == 1 else ""
            had[name] = max(inside, key=len) if inside else only
    return had


def _unchanged(options: Options, had: Options, wanted: dict[str, str]) -> bool:
    """Say whether every option the text does not name is as it was, as far as that is known."""
    return all(
        options[name] == value for name, value in had.items() if name not in wanted and name in options
    )


def _read(words: str, variants: Sequence[Options], had: Options) -> _Reading:
    wanted: dict[str, str] = {}
    contradictory = False
    for name in {name for options in variants for name in options}:
        values = {options[name] for options in variants if name in options}
        asked = {value for value in values if _asks_for(words, value, values, had.get(name, ""))}
        if len(asked) > 1:
            asked -= {had.get(name, "")}
        if len(asked) == 1:
            wanted[name] = asked.pop()
        contradictory |= len(asked) > 1
    return _Reading(wanted=wanted, contradictory=contradictory)


def _asks_for(words: str, value: str, values: set[str], had: str) -> bool:
    """Say whether the text names a value as one that is wanted."""
    longer = [other for other in values if value in other and other != value]
    pattern = _pattern(value, values)
    verdicts = []
    for found in re.finditer(rf"(?<![\w.]){pattern}s?(?![\w]|\.\d)", words):
        inside_longer = any(other in words[max(0, found.start() - 20) : found.end() + 20] for other in longer)
        if inside_longer or (value[-1].isdigit() and _NOT_A_VALUE.match(words, found.end())):
            continue
        verdicts.append(_wanted_at(words, found.start(), found.end(), is_had=value == had))
    return any(verdicts)


def _pattern(value: str, values: set[str]) -> str:
    """Return how a value may be written; `256gb` also as `256` if no other value has that number."""
    measure = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]+)", value)
    if measure and sum(other.startswith(measure.group(1)) for other in values) == 1:
        return rf"{re.escape(measure.group(1))}(?:{measure.group(2)})?"
    if value.isdigit():
        return rf"{value}(?:{_UNIT})?"
    return r"[\s-]+".join(re.escape(word) for word in value.split())


def _wanted_at(words: str, start: int, end: int, *, is_had: bool) -> bool:
    """Judge one mention by the nearest word before it that says had or wanted."""
    if re.match(r"(?:\s+\w+){0,2}\s+instead\b(?! of)", words[end:]):
        return True
    stops = [stop.end() for stop in _STOPS.finditer(words, 0, start)]
    before = words[stops[-1] if stops else 0 : start]
    cues = list(_CUE.finditer(before))
    if not cues:
        return not is_had
    cue = cues[-1]
    if cue.group("had") and "," in before[cue.end() :]:
        return not is_had
    return bool(cue.group("wanted")) and not (cue.group() in _SMALL and _had_phrase(before[: cue.start()]))


def _had_phrase(before: str) -> bool:
    """Say whether a small word like `in` belongs to what was had: `arrived in`, `got it in`."""
    return bool(re.search(r"\b(?:arrived|came|ordered|bought|got|received|sent)(?: \w+){0,2} $", before))


def _by_comparison(
    words: str, variants: Sequence[Options], had: Options, wanted: dict[str, str]
) -> Match | None:
    """Match `a size bigger` against the current size, when sizes can be put in order.

    Args:
        words: the text.
        variants: what can be had.
        had: the current options.
        wanted: options the text names beside the comparison: `one size up, in black`.
    """
    bigger, smaller = _BIGGER.search(words), _SMALLER.search(words)
    if bool(bigger) == bool(smaller):
        return None
    for name, value in had.items():
        now = None if name in wanted else _rank(value)
        if now is None:
            continue
        steps = []
        for index, options in enumerate(variants):
            rank = _rank(options.get(name, ""))
            named = all(options.get(other) == asked for other, asked in wanted.items())
            if rank is None or not named or not _unchanged(options, had, {**wanted, name: ""}):
                continue
            if (rank > now) if bigger else (rank < now):
                steps.append((abs(rank - now), index))
        if steps:
            distance, index = min(steps)
            next_one = distance <= 1
            rule = f"one step {'up' if bigger else 'down'} in {name}" if next_one else "the next there is"
            return Match(picked=(index,), rule=rule, sure=next_one)
    return None


def _rank(value: str) -> float | None:
    """Return a size's place in its order; None if it has none."""
    if value in _LETTERS:
        return float(_LETTERS.index(value))
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\D*", value)
    return float(number.group(1)) if number else None


def _same_again(words: str, variants: Sequence[Options], had: Options) -> Match | None:
    """Match `the same again` to the variant with the current options, if it can be had."""
    same = [index for index, options in enumerate(variants) if had and options == had]
    if len(same) == 1 and _SAME.search(words):
        return Match(picked=(same[0],), rule="the same again", sure=True)
    return None

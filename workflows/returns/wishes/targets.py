"""Which variant of a product a text asks for: what it names as wanted, the rest as it was."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from contracts.base import Frozen
from workflows.returns.types import OrderLine, Variant
from workflows.returns.wishes.words import compiled, normal, tokens

NEAR_WORDS = 3
"""So far reaches a word that says how something was."""

Options = dict[str, str]

_HAD = (
    r"instead of|in place of|rather than|other than|not|no longer|isn't|wasn't|aren't|neither|nor|than|"
    r"from|too|now|currently|had|have|has|got|"
    r"was|were|ordered|bought|chose|picked|clicked on|took|received|this|my|these|used to|no|without|"
    r"non|is a|are|it's a"
)
_WANTS = (
    r"want|wants|like|love|prefer|need|please|pls|get|take|make|to|for|into|with|in|should be|"
    r"should have|should become|be|become|rather|"
    r"but|instead|could|can|have the|have it|send|want it|want the|give me|one with|the one|go for|"
    r"should|swap for|as the|as"
)
_CUE = re.compile(rf"\b(?:(?P<wants>{_WANTS})|(?P<had>{_HAD}))\b|(?P<mark>->|\u2192|[:=>])")
_NOT = re.compile(
    r"(?:\b(?:not|no|non|without|no need|instead of|rather than|no longer)|\w+n't)\b[\s-]*(?:(?:be|to|"
    r"for|a|an|the|it|have|need|want|that|really|at|all|is|"
    r"has|of|necessarily|any|\w+ing) ){0,4}$"
)
_INSTEAD_AFTER = re.compile(r"(?:\W+\w+){0,3}?\W+instead\b(?! of)")
_LEFT_BEHIND = re.compile(
    r"\s*(?:->|\u2192|to\b(?! be))|(?:\W+\w+){0,2}\W+(?:is|are|was|were|isn't|won't|presses|hurts?) (?:\w+ )?"
    r"(?:too|nonsense|horrible|far)"
)
_YES, _NO = frozenset({"yes", "true", "resistant"}), frozenset({"no", "false", "none", "not resistant"})
_ALIASES: dict[str, str] = {
    "robotic": r"robot(?:ic)?", "stainless steel": r"(?:stainless(?: steel)?|steel|inox)", "wood":
        r"wood(?:en)?",
        "natural rubber":
        r"(?:natural )?rubber",
    "AC adapter": r"(?:ac adapter|mains adapter|adapter|plug|mains)", "Wi-Fi + Cellular":
        r"(?:wifi (?:\+|and|&|plus) (?:cellular|mobile data|lte)|cellular|mobile data)",
    "Amazon Alexa": r"(?:amazon alexa|alexa|amazon)", "Apple HomeKit": r"(?:apple homekit|homekit|apple)",
        "Google Assistant":
        r"(?:google assistant|google)",
    "pet hair removal": r"pet hair(?: removal)?", "capsule": r"capsules?", "built-in grinder":
        r"(?:built[- ]in )?grinder",
        "auto shutoff":
        r"auto(?:matic)?[- ]shut[- ]?off",
    "full size": r"full[- ]sized?", "AA batteries": r"(?:aa batter(?:y|ies)|aa)", "men": r"m[ae]n(?:'?s)?",
        "women":
        r"(?:wom[ae]n(?:'?s)?|ladies)",
        "graphic":
        r"graphic",
    "softshell": r"soft(?:shell)?", "hardshell": r"hard(?:shell)?", "auto tilt": r"auto(?:matic)?(?: tilt)?",
        "manual tilt":
        r"manual(?: tilt)?",
        "CF card":
        r"cf(?: cards?| slot)?",
    "SD card": r"sd(?: cards?| slot)?", "crew neck": r"crew(?:[- ]neck)?", "animals": r"animals?", "natural":
        "natural",
        "v-neck":
        r"v-neck",
        "grey":
        "grey",
    "fabric": r"fabric", "HEPA filter": r"hepa(?: filter)?", "rotisserie": r"rotisserie", "side burner":
        r"(?:side )?burner",
        "high-back":
        r"high[- ]back(?:rest)?",
        "hydration":
        r"hydration",
    "smart sensors": r"(?:smart )?sensors?", "carbon": r"carbon", "quiet operation":
        r"quiet(?: operation| one)?",
        "night mode":
        r"night mode",
        "laptop":
        r"laptop",
        "polarized":
        r"(?<!non-)(?<!non )polari[sz]ed",
    "non-polarized": r"(?:non|not)[- ]polari[sz]ed", "plain": r"(?:plain|without any (?:picture|print))",
}  # fmt: skip


class Target(Frozen):
    """What a text asks for instead of a line.

    Attributes:
        skus: the variants that fit, the likeliest first; one if it is settled.
        named: how many options the text names as wanted.
        clear: no option is contradicted, and nothing had to be guessed.
        same: it is the very same again.
    """

    skus: tuple[str, ...] = ()
    named: int = 0
    clear: bool = True
    same: bool = False


_CHEAPEST = re.compile(r"\b(?:cheap(?:er|est)|costs? less|less expensive|lowest price)\b")


def target(text: str, line: OrderLine, variants: Sequence[Variant]) -> Target:
    """Find the variant of a line's product that a text asks for."""
    product = [variant for variant in variants if variant.product == line.product]
    words = normal(text)
    values = _values(product)
    wanted: Options = {}
    clear = True
    refused: dict[str, set[str]] = {}
    for option, known in values.items():
        verdicts = _verdicts(words, option, known, values, line)
        chosen = [value for value, verdict in verdicts.items() if verdict > 0]
        refused[option] = {value for value, verdict in verdicts.items() if verdict < 0}
        if len(chosen) > 1 and line.options.get(option, "") in chosen:
            chosen.remove(line.options[option])
        clear &= len(chosen) <= 1
        if len(chosen) == 1:
            wanted[option] = chosen[0]
    changed = {name for name, value in wanted.items() if value != line.options.get(name)}
    if not wanted or not changed:
        return _again(words, line, product, len(wanted), clear)
    left_free = {
        option for option, out in refused.items() if line.options.get(option) in out and option not in wanted
    }
    free = left_free | _free(words, product)
    fitting = _fitting(product, line, wanted, free, cheapest=bool(_CHEAPEST.search(words)))
    return fitting.model_copy(update={"clear": fitting.clear and clear})


_AGAIN = re.compile(
    r"\b(?:same (?:\w+ ){0,3}(?:again|model|one|shoe|bike|e-reader)|very same|exactly the same|"
    r"the same (?:e-reader|model|one|bike|shoes?)|new one|whole one|just a whole|working (?:one|order)|"
    r"replaced by the same)\b"
)


def _again(words: str, line: OrderLine, product: Sequence[Variant], named: int, clear: bool) -> Target:
    had = [variant for variant in product if variant.options == line.options]
    if _AGAIN.search(words) and had:
        return Target(skus=(had[0].sku,), named=named, clear=clear and had[0].available > 0, same=True)
    return Target(named=named, clear=clear)


def _fitting(
    product: Sequence[Variant], line: OrderLine, wanted: Options, free: set[str], *, cheapest: bool
) -> Target:
    """Return what has all that is wanted; options that are neither wanted nor left free stay as they are."""
    fits = [v for v in product if v.available > 0 and all(v.options.get(n) == x for n, x in wanted.items())]
    kept = {n: x for n, x in line.options.items() if n not in wanted and n not in free}
    as_is = [v for v in fits if all(v.options.get(n) == x for n, x in kept.items())]
    if len(as_is) > 1 and cheapest:
        as_is = [min(as_is, key=lambda variant: variant.price_cents)]
    if len(as_is) == 1:
        return Target(skus=(as_is[0].sku,), named=len(wanted))
    rest = as_is or fits
    clear = len(rest) == 1 and len(wanted) > 1
    return Target(skus=tuple(v.sku for v in rest), named=len(wanted), clear=clear)


def _free(words: str, product: Sequence[Variant]) -> set[str]:
    """Return the options that the text leaves open: `cable or no cable I don't mind`."""
    if not re.search(r"don't (?:mind|care)|whichever|doesn't matter|not important|either is|any will", words):
        return set()
    free = set()
    for option, known in _values(product).items():
        hits = [
            value
            for value in known
            if re.search(
                rf"(?:{_pattern(value, known)})[^.]{{0,40}}(?:don't (?:mind|care)|doesn't matter|or not)",
                words,
            )
        ]
        if hits or re.search(
            rf"{re.escape(option)}[^.]{{0,30}}(?:don't (?:mind|care)|doesn't matter)", words
        ):
            free.add(option)
    return free or {option for option in _values(product) if option in ("connectivity",) and "cable" in words}


def _values(product: Sequence[Variant]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = defaultdict(list)
    for variant in product:
        for option, value in variant.options.items():
            if value not in values[option]:
                values[option].append(value)
    return values


def _verdicts(
    words: str, option: str, known: list[str], values: dict[str, list[str]], line: OrderLine
) -> dict[str, int]:
    """Say of each value that the text names whether it wants it (+1), turns it away (-1), or neither (0)."""
    verdicts: dict[str, int] = {}
    had = line.options.get(option, "")
    if "none" in known and _without(words, option):
        verdicts["none"] = 1
    if ({value.lower() for value in known} & _YES and {value.lower() for value in known} & _NO) or set(
        known
    ) & {"not resistant"}:
        verdicts |= _flag(words, option, known)
    shared = Counter(value for other in values.values() for value in other)
    for value in known:
        if value.lower() in _YES | _NO and value.lower() not in {"none"}:
            continue
        for found in compiled(rf"(?<![\w.]){_pattern(value, known)}s?(?![\w]|\.\d)").finditer(words):
            elsewhere = value != had and any(
                now == value for name, now in line.options.items() if name != option
            )
            if shared[value] > 1 and not _beside(words, found, option, values, value, elsewhere=elsewhere):
                continue
            if _inside_longer(words, found, value, known):
                continue
            verdict = _judge(words, found, is_had=value == had)
            verdicts[value] = (
                max(verdicts.get(value, -2), verdict) if verdicts.get(value, 0) != -1 or verdict > 0 else -1
            )
    return verdicts


def _flag(words: str, option: str, known: list[str]) -> dict[str, int]:
    """Read an option of yes or no: its name, with or without a negation before it."""
    stem = {"water resistance": r"(?:water[- ]?resist\w*|waterproof|can get wet|ok(?:ay)? with water)"}.get(
        option, re.escape(tokens(option)[0])
    )
    found = list(compiled(rf"(?<!\w)(?:{stem})").finditer(words))
    if not found:
        return {}
    last = found[-1]
    before = words[max(0, last.start() - 45) : last.start()]
    after = words[last.end() : last.end() + 30]
    negated = bool(_NOT.search(before)) or bool(
        re.search(r"^\W*(?:no\b|isn't|not needed|not necessary)", after)
    )
    no = next((value for value in known if value.lower() in _NO), None)
    yes = next((value for value in known if value.lower() in _YES), None)
    return {value: 1 for value in ((no if negated else yes),) if value}


def _pattern(value: str, known: Sequence[str]) -> str:
    """Return how a value may be written."""
    if value in _ALIASES:
        return f"(?:{_ALIASES[value]})"
    written = normal(value)
    if measure := re.fullmatch(r"(\d+(?:\.\d+)?)([a-z%]+)(?: equivalent| ssd)?", written):
        number, unit = measure.groups()
        alone = (
            sum(re.match(rf"{re.escape(number)}(?![\d.])", normal(other)) is not None for other in known) == 1
        )
        optional = "?" if alone and len(number) > 1 else ""
        return rf"{re.escape(number)}\s?(?:-)?(?:{unit}){optional}"
    if span := re.fullmatch(r"(\d+-\d+)\s?lbs", written):
        return rf"{span.group(1)}\s?(?:lbs?|lb)?"
    if written.isdigit():
        return rf"{written}(?:pieces|s)?"
    return r"[\s-]+".join(re.escape(word) for word in written.split())


def _inside_longer(words: str, found: re.Match[str], value: str, known: Sequence[str]) -> bool:
    return any(
        other != value
        and normal(value) in normal(other)
        and re.search(_pattern(other, known), words[max(0, found.start() - 12) : found.end() + 12])
        for other in known
    )


def _without(words: str, option: str) -> bool:
    """Say whether a text wants none of what an option is about: `no backlight`, `without armrests`."""
    [*_, thing] = tokens(option)
    return bool(compiled(rf"\b(?:no|without(?: an?| any)?) {re.escape(thing)}s?\b").search(words))


def _beside(
    words: str,
    found: re.Match[str],
    option: str,
    values: dict[str, list[str]],
    value: str,
    *,
    elsewhere: bool,
) -> bool:
    """Say of a value that several options have whether it is this one's: by the option's word beside it.

    Where no word tells, it is not this one's if it is what another option is `elsewhere` already.
    """
    mine, others = (
        tokens(option),
        [tokens(other) for other in values if other != option and value in values[other]],
    )
    near = set(tokens(words[max(0, found.start() - 14) : found.end() + 20]))
    named = bool(near & {word for word in mine if word not in {"color", "colour", "type", "material"}})
    theirs = elsewhere or any(
        near & {word for word in other if word not in {"color", "colour", "type", "material"}}
        for other in others
    )
    return named or not theirs


def _judge(words: str, found: re.Match[str], *, is_had: bool) -> int:
    """Judge one mention by what stands before and after it."""
    before = re.split(r"[.!?;\n]", words[: found.start()])[-1]
    after = words[found.end() : found.end() + 60]
    if _INSTEAD_AFTER.match(after):
        return 1
    if _LEFT_BEHIND.match(after) or _NOT.search(before):
        return -1
    cues = list(_CUE.finditer(before))
    if cues and (cues[-1].group("wants") or cues[-1].group("mark")):
        return 1
    between = before[cues[-1].end() :] if cues else ""
    near = bool(cues) and len(between.split()) <= NEAR_WORDS and "," not in between
    if is_had:
        return 0
    return -1 if near else 1

"""A language model's reading of a letter beside the rules' own: what speaks against settling on it.

It settles what the rules could not find: which lines, which variant, a language that they do not know. It
never overrules what they found, nor that a letter asks for nothing: that is another question's, and stays.
"""

from collections.abc import Mapping, Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from contracts.decision import Decision
    from workflows.returns.reading import MOVES_MONEY, WHAT_IS_WANTED, Reading, words_of
    from workflows.returns.types import CHANGES, Intent, Order
    from workflows.returns.wishes.acceptance import FOREIGN, forbidden
    from workflows.returns.wishes.conditions import CONDITIONAL
    from workflows.returns.wishes.letter import AGAINST_A_CHANGE, Kind, OrderReading, Wish

Answer = Mapping[str, JsonValue] | None

INTENTS = {kind: Intent(kind.value) for kind in Kind}
ON_WHICH_CONDITION = "what shall be done on which condition"
MISSING = frozenset(
    {"question", "empty", "ambiguous", "unclear", "open_lines", "no_lines", "loose_lines", FOREIGN}
)
"""Signs of what the rules did not find, and another reading may; every other is of what they found."""
OF_ASKING = frozenset({"obstacles", "stray", "unasked", "unended"})
"""Signs that it may not be asked for at all, which a question of its own decides (`ASKS`)."""


def reading_of(answer: Answer) -> OrderReading | None:
    """Return what an answer to the letter's question reads for the order that it is about."""
    said = (answer or {}).get("reading")
    return OrderReading.model_validate(said) if isinstance(said, dict) else None


def elsewhere_of(answer: Answer) -> list[OrderReading]:
    """Return what it reads for other orders."""
    said = (answer or {}).get("elsewhere")
    return [OrderReading.model_validate(each) for each in said] if isinstance(said, list) else []


def objections(order: Order, reading: Reading, letter: Decision, asks: Sequence[Decision]) -> tuple[str, ...]:
    """Return what speaks against a language model's reading, in words for a person, both readings told.

    Args:
        order: the order.
        reading: by the desk's single questions.
        letter: the answer to the letter's question; of anybody else's nothing is said here.
        asks: whether the message asks for anything at all.
    """
    if letter.provenance.by != "gemini" or letter.outcome != "answered":
        return ()
    read, rules = reading_of(letter.answer), reading_of(letter.earlier)
    wishes = read.wishes if read else ()
    found = [*_from_the_rules(wishes, rules, letter.earlier), *_from_the_questions(reading, wishes, rules)]
    if wishes and any((asked.answer or {}).get(CONDITIONAL) for asked in asks):
        found.append(ON_WHICH_CONDITION)
    if not (_beside(letter.answer) >= _beside(letter.earlier)):
        found.append("two readings name different orders")
    if not found:
        return ()
    ours, theirs = (_told(order, each.wishes if each else ()) for each in (rules, read))
    return (*dict.fromkeys(found), f"the rules read: {ours}", f"Gemini reads: {theirs}")


def _from_the_rules(wishes: Sequence[Wish], rules: OrderReading | None, earlier: Answer) -> list[str]:
    """Return what the rules found that a reading has not, or that forbids any to stand by itself."""
    found = []
    if rules is not None:
        signs = [sign for sign in forbidden(rules) if sign not in MISSING]
        found += [f"the rules forbid it: {', '.join(signs)}"] if signs else []
        found += [] if _fits(_spoken(rules), wishes) else ["two readings of the letter differ"]
    against = (earlier or {}).get(AGAINST_A_CHANGE)
    if isinstance(against, list) and any(INTENTS[wish.kind] in CHANGES for wish in wishes):
        found += map(str, against)
    return found


def _from_the_questions(reading: Reading, wishes: Sequence[Wish], rules: OrderReading | None) -> list[str]:
    """Return what the desk's single questions say against it; one reading alone never says what is wanted."""
    changes = bool(wishes) and all(INTENTS[wish.kind] in CHANGES for wish in wishes)
    asked = reading.intent in MOVES_MONEY
    open_ = any(doubt.startswith(WHAT_IS_WANTED) for doubt in reading.doubts)
    found = []
    if asked != bool(wishes) and not changes:
        found.append("two readings differ in whether anything is wished for this order")
    if wishes and not (rules and rules.wishes) and (open_ or changes):
        found.append("one reading alone says what is wanted")
    return found


def _spoken(rules: OrderReading) -> tuple[Wish, ...]:
    """Return the wishes without ways to pay that nobody named."""
    unsaid = bool(rules.signs.get("method_default"))
    return tuple(wish.model_copy(update={"method": ""}) if unsaid else wish for wish in rules.wishes)


def _fits(rules: Sequence[Wish], wishes: Sequence[Wish]) -> bool:
    """Say whether a reading says what the rules say, wherever they say anything."""
    if not rules:
        return True
    theirs = {wish.kind: wish for wish in wishes}
    kinds = {wish.kind for wish in rules} == set(theirs)
    return kinds and all(_fills(wish, theirs[wish.kind]) for wish in rules)


def _fills(rules: Wish, wish: Wish) -> bool:
    """Say whether a wish only fills in what the rules left open of it."""
    skus = {piece.line: piece.sku for piece in wish.pieces}
    lines = not rules.pieces or {piece.line for piece in rules.pieces} == set(skus)
    return (
        lines
        and all(piece.sku in ("", skus[piece.line]) for piece in rules.pieces)
        and rules.method in ("", wish.method)
        and rules.address in ("", wish.address)
    )


def _beside(answer: Answer) -> set[str]:
    return {each.order for each in elsewhere_of(answer) if each.wishes}


def _told(order: Order, wishes: Sequence[Wish]) -> str:
    """Return wishes in words for a person."""
    names = {line.id: words_of(line) for line in order.lines}
    variants = {each.sku: " ".join(each.options.values()) or each.sku for each in order.variants}
    parts = []
    for wish in wishes:
        pieces = [
            names.get(each.line, each.line) + (f" for {variants.get(each.sku, each.sku)}" if each.sku else "")
            for each in wish.pieces
        ]
        more = [*pieces, *(each for each in (wish.address, wish.method) if each)]
        parts.append(f"{wish.kind.value.replace('_', ' ')} {', '.join(more)}".strip())
    return "; ".join(parts) or "nothing is wished"

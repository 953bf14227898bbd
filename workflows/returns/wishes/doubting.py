"""What speaks against the reading of an order: clauses that deny or ponder, conditions, loose ends."""

import re
from collections.abc import Sequence

from workflows.returns.reading import words_of
from workflows.returns.types import Order
from workflows.returns.wishes import change_guard, guard
from workflows.returns.wishes.acceptance import FOREIGN
from workflows.returns.wishes.acts import Act, Said, acts, firmly, wants_another
from workflows.returns.wishes.addresses import address
from workflows.returns.wishes.cues import NOT_MEANT
from workflows.returns.wishes.frames import asked_for, in_another_language
from workflows.returns.wishes.letter import Kind, OrderReading
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.objects import another_thing
from workflows.returns.wishes.parts import CANCEL, EXCHANGE, RETURN, Part
from workflows.returns.wishes.paying import REST
from workflows.returns.wishes.sentences import straight, without_sayings
from workflows.returns.wishes.words import normal

DENIED = "denied"
"""The sign of a reading of which something may be denied, as plainly as a rule can tell."""
_LISTED = re.compile(r"->|\u2192|:|=|>|\|")
_POINTED = re.compile(r"->|\u2192|=|>|\|")
_STATED = re.compile(
    r"\b(?:you can|(?:i|we) (?:unfortunately |therefore )?must) (?:cancel|return|exchange|refund)\b"
    r"|\b(?:should|must|shall|(?:have|has|need|needs) to|go|goes|(?:is|are) (?:to be|coming|going)) "
    r"(?:\w+ )?(?:back\b|cancel\w*|return\w*|exchang\w+|refund\w*|swapp\w+)"
    r"|\b(?:i|we) (?:hereby )?return (?:the|my|both|all|these)\b"
    r"|\b(?:i|we)(?:'d| would) be (?:glad|happy|grateful) if you (?:could|would) "
    r"(?:cancel|return|refund|exchange)\b",
    re.I,
)
"""What is to happen, said as a fact: `the yellow shoes go back`."""
_SENTENCE = re.compile(
    r"\b(?:was|were|when|receipt|invoice|asked|told|had|has|have|been|wants|asks|nobody|service)\b", re.I
)
_ALWAYS = frozenset({Act.WITHDRAWS, Act.SUPPOSES})
_NUMBER = re.compile(r"(?<![\w.#$])\d[\d.,]*(?:-\d+)?")


_OBSTACLES = frozenset(
    {
        Act.DENIES,
        Act.THANKS,
        Act.WONDERS,
        Act.SUPPOSES,
        Act.REPORTS,
        Act.OTHERS,
        Act.WITHDRAWS,
        Act.THREATENS,
        Act.QUOTES,
    }
)


_CONDITION = re.compile(
    r"\b(?:if|unless|in case|provided|otherwise|as long as|assuming|on condition|depending on)\b", re.I
)


_WHICHEVER = re.compile(r"\bwhichever (?:one )?(?:is|costs|has|was|gives)\b", re.I)
"""Of several things one is meant, by what it costs or is: none of them stands by itself."""


_FINE_IF = re.compile(
    r"\bif (?:that'?s|that is|it'?s|it is|this is|needed|necessary|required|i'm (?:reading|seeing|"
    r"not mistaken|right)|"
    r"i (?:read|see|remember|recall|understand)|youre|you (?:need|can|have|would|send|see|drop|could|"
    r"want|like|"
    r"\w+ed)\b|you(?:'ve|'re|'d)|there'?s? (?:is |are )?(?:a |any |anything|one|a few)|i may|"
    r"i (?:can|may) still|(?:at all )?possible|not too|the sum|one of them|they cost|"
    r"(?:it|this|that|they|the [\w-]+) (?:could|can|may|might|works out|went)|"
    r"it (?:isn't|is not|hasn't) too|need|so|anything)\b"
    r"|\b(?:know|see|sure|unsure|wondering|wonder|tell me|asks?|check|asking|glad|grateful|thankful|happy|"
    r"great|nice|good|fine|ok|okay|lovely|relief|appreciate(?: it)?|say|write|mind|cool|helpful|"
    r"kind)(?: \w+)? if\b"
    r"|\bif not\W*$|\b(?:even|as) if\b|\bif only\b|\bas long as (?:it takes|it isn't (?:on )?(?:my |"
    r"the )?(?:paypal|visa|mastercard|card|gift card))\b"
    r"|\botherwise (?:everything|all|it|they|fine|great|perfect|happy|the|i)\b",
    re.I,
)


def judged(
    reading: OrderReading, order: Order, pieces: Sequence[Part], everything: Sequence[Part], orders: int
) -> OrderReading:
    """Add what speaks against it: clauses that deny or ponder, conditions, a wish that lacks its lines."""
    said = [each for whole in dict.fromkeys(piece.whole for piece in pieces) for each in acts(whole)]
    obstacles = [
        each for each in said if each.act in _OBSTACLES and (each.about_action or each.act in _ALWAYS)
    ]
    stray = [
        each
        for piece in everything
        if not piece.orders
        for each in acts(piece.text)
        if each.act in _OBSTACLES and each.about_action
    ]
    conditions = [piece for piece in pieces if _supposes(piece)]
    empty = any(
        wish.kind in (Kind.RETURN, Kind.EXCHANGE, Kind.CHANGE_ITEMS) and not wish.pieces
        for wish in reading.wishes
    )
    signs = {
        **reading.signs,
        "loose_numbers": float(_loose_numbers(reading, order, pieces)),
        "loose_lines": float(_loose_lines(reading, order, pieces)),
        "obstacles": float(len(obstacles)),
        "stray": float(len(stray)),
        "conditions": float(len(conditions)),
        "empty": float(empty),
        "unasked": float(not (_asked(order, pieces, said) or _asks_change(reading, pieces))),
        "firm": float(any(firmly(each) for each in said)),
        "orders": float(orders),
        "wishes": float(len(reading.wishes)),
        "keeps": float(sum(piece.keeps for piece in pieces)),
        DENIED: float(_denied(reading, order, [*said, *stray])),
    }
    if any(firmly(each) and in_another_language(each.text) for each in said):
        signs[FOREIGN] = 1.0
    if any(_WHICHEVER.search(piece.text) for piece in pieces):
        signs["ambiguous"] = 1.0
    doubts = tuple(
        dict.fromkeys(f"a clause {each.act.value}: {each.text[:80]}" for each in [*obstacles, *stray])
    )
    return reading.model_copy(update={"signs": signs, "doubts": (*reading.doubts, *doubts)})


def _denied(reading: OrderReading, order: Order, said: Sequence[Said]) -> bool:
    """Say whether what is read may be denied: nobody is asked whether they want what they do not want."""
    whole = any(wish.kind is Kind.CANCEL for wish in reading.wishes)
    wished = {piece.line for wish in reading.wishes for piece in wish.pieces}
    others = {place for place, line in enumerate(order.lines) if not whole and line.id not in wished}
    aside = [
        each
        for each in said
        if (named := {index for one in mentions(each.text, order.lines) for index in one.lines})
        and named <= others
    ]
    return guard.denied([each for each in said if each not in aside])


def _supposes(piece: Part) -> bool:
    return bool(_CONDITION.search(_FINE_IF.sub(" ", without_sayings(piece.text))))


def _asked(order: Order, pieces: Sequence[Part], said: Sequence[Said]) -> bool:
    """Say whether it is asked for in so many words, or stands in a list: `W-1: return lamp`."""
    if any(
        (firmly(each) and not another_thing(each.text, order.lines)) or wants_another(each) for each in said
    ):
        return True
    listed = [
        piece
        for piece in pieces
        if not piece.keeps and (order.id in piece.text or mentions(piece.text, order.lines))
    ]
    reported = {each.text for each in said if each.act is not Act.ASKS and each.act is not Act.SPEAKS}
    return any(
        _stands_in_a_list(order, piece)
        and not any(text in piece.text or piece.text in text for text in reported)
        for piece in listed
    )


def _stands_in_a_list(order: Order, piece: Part) -> bool:
    """Say whether a piece is a line of a list, `W-1 -> the lamp back`, or says what is to happen."""
    own = NOT_MEANT.sub(" ", _own(piece))
    named = any(cue.search(own) for cue in (CANCEL, RETURN, EXCHANGE))
    if not named:
        # What is quoted names it instead: `You wrote: "Return the lamp"`.
        return bool(_LISTED.search(own)) and own == straight(piece.text)
    if another_thing(own, order.lines):
        return False
    begun = own.lstrip(" -*#(\u2022").startswith((order.id, order.id.lstrip("#")))
    line = begun or bool(_POINTED.search(own)) or bool(_STATED.search(own))
    return asked_for(own) or (line and not _SENTENCE.search(own))


def _asks_change(reading: OrderReading, pieces: Sequence[Part]) -> bool:
    """Say whether changes are all that is read, and they are asked for in the words that changes have."""
    changes = all(wish.kind in change_guard.CHANGES for wish in reading.wishes)
    return changes and change_guard.asks(
        [without_sayings(piece.whole) for piece in pieces if not piece.keeps]
    )


def _own(piece: Part) -> str:
    """Return what a piece says itself, quoting nobody, asking nothing."""
    return "" if piece.whole.rstrip().endswith("?") else without_sayings(piece.text)


def _loose_numbers(reading: OrderReading, order: Order, pieces: Sequence[Part]) -> int:
    """Count numbers in what is wished that nothing understood stands for: no size wanted or had, no price."""
    known = {variant.sku: variant for variant in order.variants}
    wanted = [
        known[piece.sku].options for wish in reading.wishes for piece in wish.pieces if piece.sku in known
    ]
    text = " ".join(
        [*(" ".join(options.values()) for options in wanted), *(words_of(line) for line in order.lines)]
    )
    places = [wish.address for wish in reading.wishes]
    explained = set(re.findall(r"\d+(?:\.\d+)?", " ".join([normal(text), *places, order.id])))
    loose = 0
    for piece in pieces:
        if REST.search(piece.text) or address(piece.text):
            continue
        for found in _NUMBER.findall(normal(piece.text)):
            digits = re.findall(r"\d+(?:\.\d+)?", found)
            loose += any(each not in explained for each in digits)
    return min(loose, 3)


def _loose_lines(reading: OrderReading, order: Order, pieces: Sequence[Part]) -> int:
    """Count lines that are spoken of in what is wished and are not part of a wish."""
    if any(wish.kind is Kind.CANCEL for wish in reading.wishes):
        return 0
    used = {piece.line for wish in reading.wishes for piece in wish.pieces}
    spoken = {
        order.lines[index].id
        for piece in pieces
        if not piece.keeps
        for each in mentions(piece.text, order.lines)
        if len(each.lines) == 1
        for index in each.lines
    }
    return len(spoken - used)

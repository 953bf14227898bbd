"""A letter cut into parts, each with the orders that it speaks of and whether it keeps their things."""

import re
from collections.abc import Iterator, Sequence

from contracts.base import Frozen
from workflows.returns.wishes.sentences import sentences, straight
from workflows.returns.wishes.words import compiled

_CUT = re.compile(
    r";\s*|\s+[-\u2013\u2014]+\s+|,\s*(?=(?:but|and)\b)|(?<!\ball)(?<!everything)\s+(?=(?:but|though|"
    r"however|while|whereas)\b)|,\s+|\.\s+"
    r"|\s+(?=(?:and|&) (?:i|i'\w+|we|please|keep|return|send|exchange|swap|cancel|could|can|would|make|"
    r"the .{0,30} should)\b)"
    r"|\s+(?=(?:and|&) (?:the|my|a) [\w\s-]{2,40}?\b(?:should|could|as|in|into|for|to be)\b)",
    re.I,
)
_ASIDE = re.compile(r"\s*\((?=(?:[^()]{0,40}\b)?(?:not|keep(?:ing)?|but|the rest|hold on|stays?)\b)", re.I)
"""An aside in brackets that keeps something: a thought of its own, whatever stands before it."""
CANCEL = re.compile(
    r"\b(?:cancel\w*|cancle\w*|call(?:ed)? (?:\w+ ){0,3}off|stop(?:ped)?\b|annul\w*|undo|kill it|"
    r"drop (?:the )?order|take it back|"
    r"have got to go|stornier\w*|stornierung|annuler|annulation|cancelar|cancelen|cancele)\b",
    re.I,
)
RETURN = re.compile(
    r"\b(?:return(?:s|ed|ing)?|refund(?:ed)? (?:for|of) the|(?:sen[dt]|sending|giv(?:e|ing)|take|"
    r"taking|bring|bringing)(?: (?!back)[\w'&+-]+){0,8} back|"
    r"(?:go(?:es|ing)?|com(?:e|es|ing)|(?:is|are) coming|back) back|back (?:to you|pls|please|too)|"
    r"ha(?:s|ve) to go back|part with|"
    r"zurückgeben|zurückschicken|rückgabe|gehen zurück|geht zurück|devolver|devuelvo|retourne\w*|"
    r"rendre|renvoyer)\b",
    re.I,
)
_MONEY_BACK = re.compile(
    r"\b(?:sen[dt]|sending|giv(?:e|ing)|get|put|pay|transfer|take)(?: \w+)? "
    r"(?:money|refund|amount|cash|difference|rest)(?: \w+){0,2} back\b"
    r"|\b(?:money|refund|amount|cash|difference|rest|left(?: over)?)(?: \w+){0,3} (?:go|goes|going|come|"
    r"comes)"
    r"(?: \w+)? back\b|\bwhere (?:it|that|all of it) goes back\b"
    r"|\b(?:go|goes|come|comes) back (?:on|to|onto|in|into|via) (?:my |the )?"
    r"(?:visa|master ?card|pay ?pal|gift|card|credit|account)\b",
    re.I,
)
"""Money that goes back is no return."""
_WHETHER_TO_RETURN = re.compile(
    r"\b(?:do|must|should) i (?:need to |have to |really )?(?:return|send|give)\b[^.;?]*\?", re.I
)
EXCHANGE = re.compile(
    r"\b(?:exchang\w+|swap\w*|trad(?:e|ing)|replac\w+|switch(?:ed|ing)?\b(?! type)|umtausch\w*|"
    r"tauschen|échang\w+|cambiar\w*)\b",
    re.I,
)
CHANGE = re.compile(
    r"\b(?:chang\w+|instead|should (?:be|become|have)|make (?:it|the|that|them)|i(?:'d| would) (?:like|"
    r"prefer|love|take|rather)|i want|i need|prefer|rather|"
    r"could (?:it|the|i|my|you)|can (?:it|the|i|you)|please|pls|take the|to be|become)\b|->|\u2192|:|=|>",
    re.I,
)
KEEP = re.compile(
    r"\b(?:keep(?:s|ing)?(?! (?:me|us|him|her|you|on|\w+ing)\b)|kept|stay(?:s|ing)?|remain\w*|unchanged|"
    r"unaffected|untouched|no change|"
    r"not change|(?:don't|do not|dont) (?:change|touch|cancel)|"
    r"(?:is|are|was|were|it's|its|they're)(?: all| both| just| also)? (?:fine|ok|okay|good|great|"
    r"lovely|perfect|right|alright|all right|excellent|amazing|awesome|super|flawless|beautiful|"
    r"wonderful|a dream|as they|as it|as i|mine)|"
    r"as (?:ordered|is|it is|they are|agreed)|leave (?:it|the|that|them)|not (?:the|my|part|those|"
    r"that)|nothing (?:changes|else|to do)|hold on to|won't part|still (?:want|wanted|like|send|cool|"
    r"have)|look(?:ing)? forward|"
    r"can (?:stay|come|remain)|may come|should (?:still )?come|let that one come|not (?:affected|"
    r"involved)|perfect|ok(?:ay)?(?=\W*$)|to stay|in use|no problem|same same|are mine|awaiting|expecting|"
    r"ignore|love it|is for (?:my|the)|were for|are for|"
    r"happy with|enjoy\w*|behalte\w*|bleib\w*|garde|quedo|queda)\b",
    re.I,
)
_IS_NOT = re.compile(r"\b(?:the|my) [\w-]+(?: \w+)? (?:isn't|aren't|is not|are not|not)\W*$", re.I)
_ELSEWHERE = re.compile(
    r"\b(?:(?:my |the |your )?(?:other|another|second|third|2nd|next|one more|two more) (?:open |"
    r"pending |one |"
    r"two )?(?:order|orders|one)\b(?! is to)|the others|other orders|everything else|"
    r"(?:the )?rest of (?:my|the) (?:orders|account)|ages ago|in the past|already received|"
    r"what i've (?:received|still)|had delivered before)\b",
    re.I,
)
_OF_IT = re.compile(
    r"^\W*(?:and |so )?(?:please )?(?:ignore|leave|keep|forget|don't touch) (?:it|that|those|them)\b", re.I
)
"""What is said of whatever was spoken of before."""
_COMPARES = re.compile(
    r"\([^()]*\bother (?:pending |open )?(?:order|one)\b[^()]*\)|"
    r"\b(?:same(?: \w+)?(?: as| that)?|like|as (?:in|for|with)) (?:in |for |with )?(?:my|the) other "
    r"(?:pending |open )?(?:order|one)\b",
    re.I,
)
"""What is said of another order only to say how this one shall be."""
_POINTS = re.compile(
    r"(?:where|same (?:place |address |one )?as|address (?:that|of|as|for|where)?|shipped there|"
    r"there before|to the address|like (?:for|in)|that'?s where|as for|too|gone to|you have for|"
    r"(?:it'?s|that'?s) the one)[^.;\n]{0,25}$",
    re.I,
)
_POINTS_AFTER = re.compile(
    r"^\W{0,2}\s*(?:is going|goes|came there|was going|has this right|as well|is also going)", re.I
)
NUMBER_DIGITS = 5


def returns(text: str) -> bool:
    """Say whether a text names goods that go back: no money that does, and no question whether they must."""
    return bool(RETURN.search(_WHETHER_TO_RETURN.sub(" ", _MONEY_BACK.sub(" ", text))))


class Part(Frozen):
    """A stretch of a letter.

    Attributes:
        orders: the numbers of the orders it speaks of; empty if it says none.
        sentence: which sentence it is from; `whole` is its text.
        keeps: its things stay as they are.
        elsewhere: it speaks of some other order than the one spoken of so far.
    """

    text: str
    orders: tuple[str, ...] = ()
    sentence: int = 0
    whole: str = ""
    keeps: bool = False
    elsewhere: bool = False


def parts(text: str, numbers: Sequence[str]) -> list[Part]:
    """Cut a cleaned letter into parts; an order that is named holds until another one is.

    Args:
        text: the letter.
        numbers: the customer's order numbers.
    """
    found: list[Part] = []
    scope: tuple[str, ...] = ()
    for place, sentence in enumerate(sentences(text)):
        whole = _named(sentence, numbers)
        for piece in _cut(sentence):
            named = _named(piece, numbers) or (whole if len(whole) == 1 else ())
            scope = named or scope
            gone = bool(found) and found[-1].elsewhere and found[-1].sentence == place
            away = bool(_ELSEWHERE.search(_COMPARES.sub(" ", piece)) or (gone and _OF_IT.match(piece)))
            away &= not named
            found.append(
                Part(
                    text=piece,
                    orders=() if away else scope,
                    sentence=place,
                    whole=sentence,
                    keeps=keeps(piece),
                    elsewhere=away,
                )
            )
    return found


def keeps(piece: str) -> bool:
    """Say whether a piece says that its things stay as they are."""
    return bool(KEEP.search(piece) or _IS_NOT.search(piece)) and not re.search(
        r"\bnot (?:right|ok|good|happy|keep|stay)|n'?t (?:keep|fit|right|stay)", piece, re.I
    )


def _cut(sentence: str) -> Iterator[str]:
    """Cut a sentence where another thought begins; a bare list stays with what is said of it."""
    for thought in _ASIDE.split(straight(sentence)):
        yield from _cut_thought(thought)


def _cut_thought(thought: str) -> Iterator[str]:
    waiting = ""
    said = ""
    for raw in _CUT.split(thought):
        piece = (raw or "").strip(" ,")
        if not piece:
            continue
        if _bare(piece):
            if said:
                said = f"{said}, {piece}"
            else:
                waiting = f"{waiting}, {piece}".strip(", ")
            continue
        if said:
            yield said
        said = f"{waiting}, {piece}".strip(", ") if waiting else piece
        waiting = ""
    if said or waiting:
        yield f"{said}, {waiting}".strip(", ")


def _bare(piece: str) -> bool:
    """Say whether a piece is only a list of things or of their properties."""
    return not any(cue.search(piece) for cue in (CANCEL, RETURN, EXCHANGE, KEEP, _IS_NOT, _SAYS))


_SAYS = re.compile(
    r"\b(?:i|we|it|they|you|please|pls|make|change|should|could|can|want|need|like|prefer|take|pay|"
    r"charge|deliver|send|ship|put|instead|money|refund|difference|credit)\b|->|\u2192|:",
    re.I,
)


def _named(piece: str, numbers: Sequence[str]) -> tuple[str, ...]:
    """Return the orders that a piece is about; one that is only pointed at (`where W1 goes`) is none."""
    found = []
    for number in numbers:
        digits = re.sub(r"\D", "", number)
        pattern = rf"(?<!\w)#?{re.escape(number)}(?!\w)"
        if len(digits) >= NUMBER_DIGITS:
            pattern = rf"(?<!\d)#?[A-Za-z]{{0,4}}-?{re.escape(digits)}(?!\d)"
        for match in compiled(f"(?i){pattern}").finditer(piece):
            pointed = _POINTS.search(piece[: match.start()]) or _POINTS_AFTER.match(piece[match.end() :])
            if not pointed:
                found.append((match.start(), number))
        ending = re.search(r"(?:ends?|ending) (?:in|with|on) (\d{2,})", piece, re.I)
        if ending and digits.endswith(ending.group(1)):
            found.append((ending.start(), number))
    return tuple(dict.fromkeys(number for _, number in sorted(found)))

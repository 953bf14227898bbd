"""The closed set of ways in which a clause asks for an action: `I'd like to return it`, `Cancel it, please`.

What is said to somebody else, about something else, or against it has words of its own between the wish and
the action (`please skip the refund`, `I want to complain about the refund`); so only words that belong to
wishing may stand there. A list of what may not would never end.
"""

import re

from workflows.returns.wishes import cues

_BETWEEN = (
    r"(?:(?:to|a|an|the|my|our|this|that|these|those|it|its|them|one|ones|both|all|everything|of|for|you|your|"
    r"me|us|i|we|be|have|get|getting|got|give|giving|receive|issue|issuing|process|arrange|start|begin|"
    r"initiate|organi[sz]e|make|do|doing|register|please|just|kindly|also|then|now|immediately|asap|simply|rather|instead|"
    r"full|partial|complete|immediate|quick|prompt|either|or|and|order|orders|item|items|whole|entire|rest|go|"
    r"going|ahead|with|help|request|requesting|ask|asking|file|place|like|love|want|wanted|wish|need|prefer|"
    r"back|possible|if|is|that's|so|kind|enough|today|here|very|really|actually|know|how|proceed|accept|send|"
    r"put|through|in|on|from|at|by|as|soon|am|are|would|could|can|'d|let's|pls|plz|let|u|ur|thing|things|"
    r"other|others|same|following|new|different|bigger|smaller|another|larger|her|his|their|someone|somebody|"
    r"cheaper|best|first|second|last|only|mine|hereby|therefore|use|using|exercise|right|still|not|"
    r"two|three|four|five|\d+(?:[- ]days?)?|apply|claim|opt|gerne?|"
    r"bitte|doch|mal|nur|jetzt|auch|choose|consider|must|should|will|i'd|i'll|i'm|"
    r"we'd|we'll|it's|completely|entirely|straight|guys|folks|fresh|right away|urgently|quickly|previous|"
    r"recent|latest),? )"
)
_ACTION = cues.DO
_PARTICIPLE = (
    r"(?:cancell?ed|refunded|returned|exchanged|swapped|replaced|reimbursed|annulled|stopped|"
    r"(?:taken|sent) back)"
)
_DONE = r"(?:cancell?|refund|return|exchang|swapp|replac|reimburs)ed\b"
_NOT_OBJECT = (
    r"(?:about|from|whether|if|why|that(?! (?:order|one|item|parcel))|because|not|of|how|who|when|what|where|"
    r"asking)"
)
_THING = (
    r"(?:polic\w+|terms?|rules?|conditions?|option|button|newsletters?|receipts?|invoices?|confirmation|"
    r"statistics|e?mails?|hotline|link|period|window|fees?|costs?|address|department|team)"
)
"""What is about an action is not the action: `I want the refund terms`."""

_NOT_MINE = (
    r"(?:(?<=back )your|what|his|her|their|someone|everyone|everybody|"
    r"(?:my|our) (?:neighbou?r|friend|sister|brother|mother|father|son|daughter|wife|husband|partner|"
    r"colleague|delivery|slot|appointment|account|password|answer)s?)"
)
"""What is given or taken back, refunded or swapped, and is nothing that the customer has bought."""
_WISHED = re.compile(
    rf"[,:]?\s*(?:{_BETWEEN}){{0,14}}\b(?!{_DONE}){_ACTION}(?! {_THING}\b)(?! {_NOT_MINE}\b)"
    r"(?! (?:is|was|isn't|can|has|sounds|seems)\b)(?! (?:(?:that|which) )?(?:you|they|he|she) \w+)"
    rf"|(?: (?!{_NOT_OBJECT}\b)[\w'\"()#,./%-]+){{0,9}}?"
    r"(?<! you)(?<! they)(?<! he)(?<! she)(?<! i)(?<! we)(?<! the)(?<! my)(?<! a)(?<! this)(?<! that)"
    rf"(?<! your) {_PARTICIPLE}\b"
    r"|(?: (?:take|taking|send|sending|give|giving|bring|bringing))?"
    r" (?:it|them|this|these|those|both|mine|(?:the|my|this) \w+)(?: \w+){0,3}? back\b"
    r"|(?: (?!(?:about|whether|if|why|that|not|how|who)\b)[\w'\"()#,./%-]+){1,9}?"
    r" (?:in exchange|by (?:exchanging|swapping))\b",
    re.I,
)
_LISTENED = re.compile(
    r"\b(?:whether|if|said|says?|saying|why|asking|asked|who|when|wonder|"
    r"(?:say|says|said|told \w+|claims?|thinks?|wrote|read|heard?|believes?) that)\s*$",
    re.I,
)
_LEAD = (
    r"(?:(?:hi|hello|hey|dear|good (?:morning|day|evening|afternoon)|team|there|all|folks|sirs?|madam|and|"
    r"so|then|also|just|but|kindly|please|pls|plz|ok|okay|sorry|now|therefore|simply|immediate(?:ly)?|full|"
    r"partial|complete|a|an|the|my|hence|thus|instead|urgent|urgently|want|need|wanting|requesting|request|asking|for|"
    r"to|i|hereby|would|like|'d|or|it's|yes|order),?\W* ?)"
)
_START = re.compile(rf"(?:^|[,;:.!?)\u2013-] )\W*{_LEAD}{{0,6}}(?P<action>{_ACTION})", re.I)
_CLAIM = re.compile(
    r"^[^,;:.(]*?\b(?:is|are|was|were|would|will|can|could|does|did|isn't|aren't|wasn't|won't|sounds?|seems?|"
    r"makes?|takes|took|came|went|worked|has|had|can't|cannot|should|must|may|might)\b",
    re.I,
)
_ABOUT_IT = re.compile(rf" (?:{_THING}\b|(?:(?:that|which) )?(?:you|they|he|she) \w+)", re.I)
_TOLD_OF = re.compile(rf"\b(?:the|my|our|this|that) {_ACTION}$", re.I)
_RELATIVE = re.compile(
    r"\b(?:that|which|who|whatever|what|because|since|as|if|where|when|i|we|you|so|but|and|it|they)\b.*", re.I
)
_AT_ONCE = re.compile(rf"\W*{_LEAD}{{0,6}}{_ACTION}", re.I)
"""A wish that begins with its action is an imperative, if it is one."""
_OTHER_LANGUAGE = re.compile(
    r"\b(?:bitte|möchte|veuillez|merci|je (?:veux|voudrais|souhaite|retourne)|quiero|quisiera|"
    r"s'il vous plaît|por favor|stornier\w+|ich|vous|mon|mein\w*|pedido)\b",
    re.I,
)
_DO_IT = re.compile(
    r"^(?:so |if (?:so|yes|it is|that works),? )?(?:then )?"
    r"(?:please |i'd like to |i would like to |i want to )?"
    r"do (?:it|so|that)(?: please| now| for me| asap)?\W*$",
    re.I,
)


def asked_for(clause: str) -> bool:
    """Say whether a clause asks for an action: a wish that governs it, or the action itself as a request."""
    plain = cues.NOT_MEANT.sub(" ", clause)
    return _governed(plain) or _begun(plain) or _foreign(plain)


def in_another_language(clause: str) -> bool:
    """Say whether a clause asks in words that English does not have, however short the letter is."""
    return _foreign(clause)


def says_do_it(clause: str) -> bool:
    """Say whether a clause asks for what the one before it asked about: `If so, please do it.`."""
    return bool(_DO_IT.match(clause))


def _governed(clause: str) -> bool:
    for wish in cues.WISHES.finditer(clause):
        if _LISTENED.search(clause[: wish.start()]):
            continue
        holds = cues.DOES.search(wish.group())
        if _WISHED.match(clause, wish.end()) or (
            holds and (wish.start() or not _AT_ONCE.match(wish.group()))
        ):
            return True
    return False


def _begun(clause: str) -> bool:
    """Say whether a clause, or what follows a comma, is an imperative or a bare noun: `Too late, refund!`."""
    for start in _START.finditer(clause):
        rest = clause[start.end() :]
        own = rest if _TOLD_OF.search(start.group()) else _RELATIVE.sub("", rest)
        if not _CLAIM.search(own) and not _ABOUT_IT.match(rest):
            return True
    return False


def _foreign(clause: str) -> bool:
    return bool(_OTHER_LANGUAGE.search(clause) and cues.DOES.search(clause))

"""Why a message may not lead to an effect by itself: plain rules that can only make the desk more careful."""

from collections.abc import Sequence

from mail.cleaning import clean
from workflows.returns.wishes.acts import Act, Said, acts, families, firmly, wants_another
from workflows.returns.wishes.conditions import conditional

NOTHING_ASKED = "nothing is asked for in the customer's own words"
_WORDS = {
    Act.DENIES: "the customer says that they do not want it",
    Act.WONDERS: "the customer asks whether it is possible, not for it to be done",
    Act.SUPPOSES: "the customer speaks of what may be, not of what shall be done",
    Act.REPORTS: "the customer speaks of what has been done already",
    Act.THANKS: "the customer thanks for it",
    Act.OTHERS: "the customer speaks of other people's things",
    Act.QUOTES: "the message speaks as somebody other than its customer",
    Act.WITHDRAWS: "the customer takes a wish back or keeps things as they are",
    Act.KEEPS: "the customer keeps it, or has changed their mind",
    Act.THREATENS: "the customer says what they will do otherwise",
}


def doubts(message: str) -> tuple[str, ...]:
    """Return why a message is not plainly a wish, in words for a person; empty if it plainly is."""
    # A condition that is understood is evaluated by the reading, which never ignores it.
    said = acts(conditional(clean(message).text).text)
    found = [_WORDS[each.act] for each in said if each.act in _WORDS and not _overruled(each, said)]
    if not any(firmly(each) or wants_another(each) for each in said):
        found.append(NOTHING_ASKED)
    return tuple(dict.fromkeys(found))


_REFUSES = frozenset({Act.DENIES, Act.WITHDRAWS, Act.KEEPS, Act.THREATENS})
_TELLS = frozenset({Act.REPORTS, Act.THANKS, Act.OTHERS})
"""What is said of other things where something is asked for as well."""


def denied(said: Sequence[Said]) -> bool:
    """Say whether clauses deny what is wished, or only tell of it: then nobody is asked whether they mean it.

    One that ponders, or asks for nothing in so many words, may be meant all the same.
    """
    asked = any(firmly(each) or wants_another(each) for each in said)
    return any(
        not _overruled(each, said)
        and (each.act in _REFUSES or (each.act in _TELLS and each.about_action and not asked))
        for each in said
    )


def _overruled(one: Said, said: Sequence[Said]) -> bool:
    """Say whether a clause is no obstacle, because of what is asked for in so many words elsewhere."""
    asked = [other for other in said if firmly(other) or wants_another(other)]
    match one.act:
        case Act.KEEPS:
            return bool(asked)
        case Act.WONDERS:
            return one.about_action and bool(asked)
        case Act.DENIES:
            denied = families(one.text)
            return any(kinds and not kinds & denied for kinds in map(_wanted, asked))
        case _:
            return False


def _wanted(said: Said) -> frozenset[str]:
    return frozenset({"exchange"}) if wants_another(said) else families(said.text)

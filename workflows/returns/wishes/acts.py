"""What a clause does with the thing it speaks of: asks for it now, denies it, reports it, ponders it.

Plain rules over English, German, French and Spanish words. They never find a wish; they find why a clause
that speaks of a refund asks for none.
"""

from enum import StrEnum
from functools import lru_cache

from contracts.base import Frozen
from workflows.returns.wishes import cues, remarks
from workflows.returns.wishes.frames import asked_for, says_do_it
from workflows.returns.wishes.sentences import clauses, sentences, without_sayings


class Act(StrEnum):
    """A speech act."""

    ASKS = "asks"
    DENIES = "denies"
    WONDERS = "wonders"
    SUPPOSES = "supposes"
    REPORTS = "reports"
    THANKS = "thanks"
    OTHERS = "others"
    WITHDRAWS = "withdraws"
    KEEPS = "keeps"
    THREATENS = "threatens"
    QUOTES = "quotes"
    SPEAKS = "speaks"


class Said(Frozen):
    """A clause and what it does; `about_action` if it names something that the desk could do."""

    text: str
    act: Act
    about_action: bool


def acts(text: str) -> list[Said]:
    """Return what each clause of a cleaned message does, in order."""
    return list(_acts(text))


@lru_cache(maxsize=2048)
def _acts(text: str) -> tuple[Said, ...]:
    own = without_sayings(text)
    said = _answered([said for sentence in sentences(own) for said in _sentence_acts(sentence)])
    if refused := remarks.REFUSED.search(own):
        said.append(Said(text=refused.group(), act=Act.DENIES, about_action=True))
    if done := remarks.IS_DONE.search(own):
        said.append(Said(text=done.group(), act=Act.REPORTS, about_action=True))
    if theirs := remarks.THEIR_ORDER.search(own):
        said.append(Said(text=theirs.group(), act=Act.OTHERS, about_action=True))
    if posing := remarks.POSES.search(own) or remarks.CITES.search(own):
        said.append(Said(text=posing.group(), act=Act.QUOTES, about_action=True))
    if settled := remarks.SETTLED.search(own):
        said.append(Said(text=settled.group(), act=Act.WITHDRAWS, about_action=True))
    return tuple(said)


def _answered(said: list[Said]) -> list[Said]:
    """Let `if so, do it` ask for what the question before it is about."""
    wondered = (Act.ASKS, Act.WONDERS)
    return [
        one.model_copy(update={"act": Act.ASKS, "about_action": True})
        if says_do_it(one.text) and any(e.about_action and e.act in wondered for e in said[max(0, n - 2) : n])
        else one
        for n, one in enumerate(said)
    ]


def _sentence_acts(sentence: str) -> list[Said]:
    asked = sentence.rstrip().endswith("?") or bool(cues.QUESTION.match(sentence))
    conditional = bool(cues.IF.search(cues.POLITE_IF.sub(" ", sentence)))
    return [
        Said(
            text=clause,
            act=_act(clause, sentence, asked=asked, conditional=conditional),
            about_action=_named(clause),
        )
        for clause in clauses(sentence)
    ]


def _named(clause: str) -> bool:
    return bool(cues.DOES.search(cues.NOT_MEANT.sub(" ", clause)))


def _act(clause: str, sentence: str, *, asked: bool, conditional: bool) -> Act:
    """Judge one clause; the first rule that holds wins, the most careful first."""
    if any(words.search(clause) for words in (cues.KEEP_ON, cues.HEED_NOT)):
        return Act.WITHDRAWS
    if cues.WITHDRAWS.search(cues.NOT_KEPT.sub(" ", clause)):
        return Act.WITHDRAWS
    if not _named(clause):
        return _unnamed(clause)
    rules = (
        (Act.DENIES, _denies(clause, sentence)),
        (Act.THREATENS, bool(cues.THREAT.search(sentence)) and not asked),
        (Act.THANKS, bool(cues.THANKS.search(clause))),
        (Act.WONDERS, _inquires(clause, asked=asked) or (asked and bool(cues.IDLE.search(sentence)))),
        (Act.REPORTS, _reports(clause)),
        (Act.OTHERS, _of_others(clause)),
        (Act.SUPPOSES, bool(cues.NEARLY.search(clause)) or (conditional and not asked)),
        (
            Act.WONDERS,
            asked and (conditional or bool(cues.POLICY.search(clause)) or bool(cues.INQUIRES.match(clause))),
        ),
        (Act.KEEPS, bool(cues.KEEPS.search(clause)) and not cues.WISHES.search(clause)),
    )
    return next((act for act, holds in rules if holds), Act.ASKS)


def _denies(clause: str, sentence: str) -> bool:
    return bool(cues.DENIES.search(cues.WHERE_TO.sub(" ", clause)) or cues.AVERTS.search(sentence))


def _of_others(clause: str) -> bool:
    others = bool(cues.OTHERS.search(clause)) and not cues.MINE.search(clause)
    return others or bool(cues.SENT_BY.search(clause))


def _inquires(clause: str, *, asked: bool) -> bool:
    """Say whether a clause asks to be told about it, or only wonders aloud."""
    return bool(cues.INDIRECT.search(clause)) or (asked and bool(cues.BARE.match(clause)))


def _reports(clause: str) -> bool:
    """Say whether a clause tells what has been done, or what others said should be."""
    done = bool(cues.PAST.search(clause)) and not cues.WANTED_DONE.search(clause)
    return done or bool(cues.TOLD.search(clause) and not cues.MINE.search(clause))


def _unnamed(clause: str) -> Act:
    """Judge a clause that names no action, by what it says of the others."""
    if cues.UNDECIDED.search(clause):
        return Act.SUPPOSES
    if cues.IDLE.search(clause):
        return Act.WONDERS
    return Act.KEEPS if cues.KEEPS.search(clause) and not cues.WISHES.search(clause) else Act.SPEAKS


def firmly(said: Said) -> bool:
    """Say whether a clause asks in so many words: `I want a refund`, an imperative, `can you return it`."""
    asks = said.act is Act.ASKS and said.about_action
    return asks and (asked_for(said.text) or says_do_it(said.text))


def wants_another(said: Said) -> bool:
    """Say whether a clause asks for something else instead, without naming an exchange."""
    return (
        said.act is Act.SPEAKS
        and bool(cues.WISHES.search(said.text))
        and bool(cues.INSTEAD.search(said.text))
        and not cues.NOT_MEANT.search(said.text)
    )


def families(text: str) -> frozenset[str]:
    """Return what kinds of action a text names: refund, exchange, cancel."""
    return frozenset(
        name for name, words in cues.FAMILIES.items() if words.search(cues.NOT_MEANT.sub(" ", text))
    )

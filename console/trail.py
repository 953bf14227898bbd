"""What happened to a case, in the order it happened, in words of the business."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from console.effects import MEANING, TONE, in_title
from contracts.case import CaseStatus, Episode
from contracts.effect import EffectState
from contracts.money import money_text
from memory.episodic.journal import WRITTEN
from service.timeline import Timeline
from service.words import fields_in_words, in_words

BY = {"local": "a local model", "rule": "a rule", "gemini": "Gemini", "person": "a person"}
STANDING = {
    "valid": "it counts",
    "delegated": "handed on",
    "early": "kept until it is asked",
    "late": "too late: nothing is done on it",
    "foreign": "not theirs to answer: nothing is done on it",
    "duplicate": "said before",
    "conflicting": "against what was said before: nothing is done on it",
    "malformed": "no answer: nothing is done on it",
}
MOST_SURE = 0.99
"""Nothing that was only read is said to be surer."""
OUTCOME = {"allow": "may be done at once", "ask": "a person is asked", "deny": "may not be done"}
ENDS = {CaseStatus.SETTLED.value: "good", CaseStatus.FAILED.value: "bad"}


@dataclass(frozen=True)
class TrailLine:
    """One thing that happened.

    Attributes:
        details: what there is to know about it, most useful first.
        tone: `good`, `warn`, `bad`, `now` or nothing.
    """

    at: datetime
    what: str
    details: tuple[str, ...] = ()
    tone: str = ""


Data = Mapping[str, JsonValue]


def trail(found: Timeline) -> tuple[TrailLine, ...]:
    """Return the lines, the first one first; decisions that were made together are one line."""
    reasons = {reason.id: reason.reason for verdict in found.verdicts for reason in verdict.reasons}
    told = sorted(
        (episode for episode in found.episodes if episode.kind != WRITTEN), key=lambda episode: episode.at
    )
    lines: list[TrailLine] = []
    for episode in told:
        line = _line(episode, reasons)
        last = lines[-1] if lines else None
        if last and (last.at, last.what, last.tone) == (line.at, line.what, line.tone):
            lines[-1] = TrailLine(last.at, last.what, (*last.details, *line.details), last.tone)
        else:
            lines.append(line)
    return tuple(lines)


def _line(episode: Episode, reasons: Mapping[str, str]) -> TrailLine:
    if episode.kind == "verdict":
        return _verdict(episode, reasons)
    write = KINDS.get(episode.kind)
    if write is None:
        said = {name: value for name, value in episode.data.items() if value not in (None, "", [], {})}
        details = tuple(f"{name}: {words}" for name, words in fields_in_words(said))
        return TrailLine(episode.at, in_title(episode.kind), details)
    what, details, tone = write(episode.data)
    return TrailLine(episode.at, what, details, tone)


def _verdict(episode: Episode, reasons: Mapping[str, str]) -> TrailLine:
    outcome = str(episode.data.get("outcome"))
    named = episode.data.get("policies")
    policies = [str(each) for each in named] if isinstance(named, list) else []
    details = [f"{reasons[each]} ({each})" for each in policies if each in reasons]
    extra = [str(episode.data[name]) for name in ("refused", "claimed_by") if episode.data.get(name)]
    tone = {"ask": "warn", "deny": "bad"}.get(outcome, "")
    return TrailLine(episode.at, f"Policy: {OUTCOME.get(outcome, outcome)}", (*extra, *details), tone)


Written = tuple[str, tuple[str, ...], str]


def _opened(data: Data) -> Written:
    return f"Came in from {data.get('channel')}", (), ""


def _decided(data: Data) -> Written:
    kind, _, name = str(data.get("by")).partition(":")
    answer, sure = data.get("answer"), data.get("confidence")
    said = answer.get("label") if isinstance(answer, dict) and "label" in answer else answer
    words = in_words(said) if said else ""
    share = f", {min(sure, MOST_SURE):.0%} sure" if isinstance(sure, float) else ""
    unsure = "" if data.get("outcome") == "answered" else f" ({data.get('outcome')})"
    task = str(data.get("task")).partition(".")[2] or str(data.get("task"))
    by = f"{BY.get(kind, kind)} {name.partition('@')[0]}".rstrip()
    return "Read", (f"{task.replace('_', ' ')}: {words}{unsure}, by {by}{share}",), ""


def _asked(data: Data) -> Written:
    roles = data.get("roles")
    who = ", then ".join(str(role) for role in roles) if isinstance(roles, list) else "a person"
    return f"Asked: {who}", (str(data.get("what")),), "warn"


def _answered(data: Data) -> Written:
    standing = str(data.get("standing"))
    cents, currency = data.get("amount_cents"), str(data.get("currency") or "")
    lowered = f" to {money_text(cents, currency)}" if isinstance(cents, int) and currency else ""
    said = {
        "approve": "said yes",
        "reject": "said no",
        "edit": f"lowered it{lowered}",
        "delegate": "handed it on",
        "clarify": "said what is meant",
    }
    choice = str(data.get("choice"))
    picked = data.get("picked")
    meant = fields_in_words(picked) if isinstance(picked, dict) else ()
    details = [
        *(f"{name}: {words}" for name, words in meant),
        STANDING.get(standing, standing),
        str(data.get("why") or ""),
        str(data.get("note") or ""),
    ]
    counts = standing in ("valid", "delegated")
    tone = "good" if counts else "warn"
    return f"{data.get('person')} {said.get(choice, choice)}", tuple(each for each in details if each), tone


def _effect(data: Data) -> Written:
    state = EffectState(str(data.get("state")))
    cents = data.get("amount_cents")
    money = f", {money_text(cents, str(data.get('currency')))}" if isinstance(cents, int) and cents else ""
    attempts = data.get("attempts")
    details = [str(data.get("why") or "")]
    if data.get("reference"):
        details.append(f"their reference: {data['reference']}")
    if isinstance(attempts, int) and attempts > 1:
        details.append(f"sent {attempts} times")
    what = f"{in_title(str(data.get('operation')))} at {data.get('connector')}{money}: {MEANING[state]}"
    return what, tuple(each for each in details if each), TONE[state]


def _waits(data: Data) -> Written:
    return "Waits", (str(data.get("why")),), "now"


def _goes_on(_data: Data) -> Written:
    return "Goes on", (), ""


def _goods(data: Data) -> Written:
    return f"Goods: {data.get('received')} came back, {data.get('inspected')} looked at", (), ""


def _chosen(data: Data) -> Written:
    return f"Of several ways, policy lets this one pass: {data.get('fact')} {data.get('word')}", (), ""


def _replied(data: Data) -> Written:
    standing = str(data.get("standing"))
    return "The customer replied", () if standing == "heard" else (standing,), ""


def _closed(data: Data) -> Written:
    status = str(data.get("status"))
    return f"Ended: {status}", (str(data.get("outcome") or "").replace("_", " "),), ENDS.get(status, "")


KINDS: Mapping[str, Callable[[Data], Written]] = {
    "opened": _opened,
    "decided": _decided,
    "asked": _asked,
    "goods": _goods,
    "chosen": _chosen,
    "answered": _answered,
    "effect": _effect,
    "waits": _waits,
    "goes_on": _goes_on,
    "replied": _replied,
    "closed": _closed,
}
"""Other kinds are told field by field."""


def waits_for(found: Timeline) -> Iterator[str]:
    """Yield what keeps the case from going on, in words."""
    record = found.record
    if record.waits_for and not record.status.ended:
        yield record.waits_for
    for trouble in found.troubles:
        yield trouble.words()
    if found.at_server is not None and not found.at_server.runs:
        yield f"Nothing runs for it at the Temporal server any more: {found.at_server.why}"

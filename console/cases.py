"""The list of cases: found by words, status, desk and channel, or as those behind a number of the board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from console.visit import Refused, Visit
from contracts.case import CaseRecord, CaseStatus
from contracts.money import money_text
from contracts.reconciliation.divergence import DESK as BOOKS
from memory.authoritative.cases import CaseFilter
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Number
from service.numbers import scope_of
from workflows import registry

PAGE = 50
TONES = {
    CaseStatus.RUNNING: "now",
    CaseStatus.WAITING: "warn",
    CaseStatus.SETTLED: "good",
    CaseStatus.FAILED: "bad",
}
HEARS = ("cases", "effects")


@dataclass(frozen=True)
class CaseLine:
    """A case in a list.

    Attributes:
        adds: what it adds to the number that it stands behind; empty in a plain list.
    """

    id: str
    path: str
    what: str
    status: str
    tone: str
    money: str
    opened_at: datetime | None
    adds: str = ""


@dataclass(frozen=True)
class StatusChoice:
    """A status that the list can be narrowed to, with how many cases have it."""

    name: str
    count: int
    path: str
    chosen: bool


@dataclass(frozen=True)
class CasesView:
    """The list.

    Attributes:
        behind: the number that these cases stand behind, and its meaning; empty in a plain list.
        more: the address of the next page; empty at the end.
        narrowed: whether anything was asked for.
    """

    lines: Sequence[CaseLine]
    choices: Sequence[StatusChoice]
    words: str
    desk: str
    desks: Sequence[str]
    channel: str
    status: str
    behind: str
    meaning: str
    more: str
    narrowed: bool


def path_of(case_id: str) -> str:
    """Return the address of a case's page."""
    return f"/cases/{case_id}"


def show(visit: Visit) -> Response:
    """Show the list."""
    if name := visit.asked("number"):
        return _behind(visit, name)
    wanted = CaseFilter(
        desk=visit.asked("desk"),
        channel=visit.asked("channel"),
        status=_status(visit.asked("status")),
        mentions=tuple(visit.asked("words").split()),
        after=_after(visit.asked("after")),
        limit=PAGE + 1,
    )
    if found := _meant(visit, wanted):
        return RedirectResponse(path_of(found), HTTPStatus.SEE_OTHER)
    records = visit.kontor.cases.newest(wanted)
    counts = visit.kontor.cases.count(CaseFilter(desk=wanted.desk))
    view = CasesView(
        lines=tuple(_line(record) for record in records[:PAGE]),
        choices=tuple(_choices(visit, counts)),
        words=visit.asked("words"),
        desk=wanted.desk,
        desks=(*registry.DESKS, BOOKS),
        channel=wanted.channel,
        status=visit.asked("status"),
        behind="",
        meaning="",
        more=_more(visit, records),
        narrowed=any(visit.asked(name) for name in ("words", "desk", "channel", "status")),
    )
    return visit.page("cases.html", "Cases", view, hears=HEARS)


def _meant(visit: Visit, wanted: CaseFilter) -> str:
    """Return the one case that somebody typed the name of; empty if it is none, or could be several."""
    if len(wanted.mentions) != 1 or wanted.after:
        return ""
    found = visit.kontor.cases.locate(wanted.mentions[0])
    return found[0] if len(found) == 1 else ""


def _behind(visit: Visit, name: str) -> Response:
    number = next((each for each in NUMBERS if each.name == name), None)
    if number is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"There is no number {name}")
    labels = {label: visit.asked(label) for label in number.labels if visit.asked(label)}
    scope = scope_of(visit.kontor, visit.now)
    found = visit.kontor.numbers.cases(number, scope, labels, limit=PAGE)
    records = {each.case_id: visit.kontor.cases.find(each.case_id) for each in found}
    lines = [
        replace(
            _line(record) if (record := records[each.case_id]) else _unlisted(each.case_id),
            adds=_adds(number, each.value, each.labels),
        )
        for each in found
    ]
    told = ", ".join(labels.values())
    view = CasesView(
        lines=lines,
        choices=(),
        words="",
        desk="",
        desks=(),
        channel="",
        status="",
        behind=f"{number.title}{f': {told}' if told else ''}",
        meaning=number.meaning,
        more="",
        narrowed=True,
    )
    return visit.page("cases.html", number.title, view, hears=HEARS)


def _adds(number: Number, value: float | None, labels: Mapping[str, str]) -> str:
    if value is None:
        return "still open"
    if number.kind == "share":
        return "counts" if value else "does not count"
    if number.unit == "cents":
        return money_text(round(value), labels.get("currency", ""))
    return f"{value:g}{' s' if number.unit == 'seconds' else ''}"


def _line(record: CaseRecord) -> CaseLine:
    return CaseLine(
        id=record.id,
        path=path_of(record.id),
        what=record.summary,
        status=record.status.value,
        tone=TONES.get(record.status, ""),
        money=money_text(record.amount_cents, record.currency) if record.amount_cents else "",
        opened_at=record.opened_at,
    )


def _unlisted(case_id: str) -> CaseLine:
    return CaseLine(case_id, path_of(case_id) if case_id else "", "", "", "", "", None)


def _choices(visit: Visit, counts: Mapping[CaseStatus, int]) -> list[StatusChoice]:
    kept = {name: visit.asked(name) for name in ("words", "desk", "channel") if visit.asked(name)}
    chosen = visit.asked("status")
    choices = [StatusChoice("all", sum(counts.values()), f"/cases?{urlencode(kept)}", not chosen)]
    return choices + [
        StatusChoice(
            status.value,
            count,
            f"/cases?{urlencode(kept | {'status': status.value})}",
            chosen == status.value,
        )
        for status in CaseStatus
        if (count := counts.get(status, 0))
    ]


def _status(word: str) -> CaseStatus | None:
    try:
        return CaseStatus(word) if word else None
    except ValueError:
        raise Refused(HTTPStatus.NOT_FOUND, f"There is no status {word}") from None


def _after(text: str) -> tuple[datetime, str] | None:
    moment, _, case_id = text.partition(" ")
    try:
        found = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        found = None
    return (found, case_id) if found is not None and found.tzinfo is not None else None


def _more(visit: Visit, records: Sequence[CaseRecord]) -> str:
    if len(records) <= PAGE:
        return ""
    last = records[PAGE - 1]
    asked = {name: value for name, value in visit.request.query_params.items() if name != "after"}
    return f"/cases?{urlencode(asked | {'after': f'{last.opened_at.isoformat()} {last.id}'})}"

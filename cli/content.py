"""`kontor content`: what a text claims, what its sources say of that, and when it appears."""

import asyncio
from calendar import Calendar, day_abbr
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation, named_case
from cli.proving import proof_or_leave
from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.counted import counted
from memory.authoritative.cases import CaseFilter
from memory.semantic.markdown import files
from models.local.weights import WeightsRefused
from service.case_updates import NotTaken, tell_case
from workflows.content.calendar import Planned, by_day, planned
from workflows.content.checking.verdict import PASSES, Origin, Verdict, Word
from workflows.content.draft_check import NotReadable, check_draft, text_of
from workflows.content.types import DESK, SlotWord

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What a text claims, what its sources say of that, and when it appears.\n\n"
        "Example: kontor content check draft.md --source minutes.md --source figures.md"
    ),
)

PAGE = 200
"""So many cases are read at a time."""
STYLES = {Word.DIFFERS: "red", Word.DISAGREE: "red", Word.NEWER: "yellow"}


@app.command("check")
def check_(
    ctx: typer.Context,
    draft: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Markdown or plain text.")],
    source: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="A text, or a folder of Markdown, to check against; may be repeated."),
    ] = None,
    archive: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="Your own earlier texts, a file or a folder; may be repeated."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show claims that agree, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every claim as JSON.")] = False,
) -> None:
    """Check a draft's numbers, dates, names, quotations and negations against given texts, word by word.

    For each claim the ten likeliest passages are compared. Nothing is called true: what is said is that a
    source agrees in every checked part, that it differs and how, or that nothing was found. The exit code is
    1 if a source differs from the draft. Nothing is sent anywhere or kept.

    Example: kontor content check draft.md --source minutes.md --archive posts/
    """
    if not source and not archive:
        fail("nothing to check against: give --source FILE or --archive FOLDER", EXIT_USAGE)
    kontor = installation(ctx)
    try:
        prose = text_of(draft, Origin.DRAFT).prose
        given = [text_of(file) for file in _texts(source or [], draft)]
        given += [text_of(file, Origin.ARCHIVE) for file in _texts(archive or [], draft)]
        verdicts = asyncio.run(check_draft(prose, given, kontor.embedder))
    except (NotReadable, WeightsRefused) as wrong:
        fail(str(wrong))
    if as_json:
        emit_json([_as_json(verdict) for verdict in verdicts])
    else:
        _print(draft, verdicts, every=every)
    if any(verdict.word is Word.DIFFERS for verdict in verdicts):
        raise typer.Exit(EXIT_FOUND)


@app.command("schedule")
def schedule(
    ctx: typer.Context,
    case: Annotated[str, typer.Argument(help="A case id, or its last part: size-guide.")],
    person: Annotated[
        str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who says so: a person of staff.toml.")
    ],
    at: Annotated[
        str | None, typer.Option(help="From then on, with its offset: 2027-03-01T09:00+01:00.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="As soon as it may be.")] = False,
    pause: Annotated[
        bool | None, typer.Option("--pause/--resume", help="Hold it until you say otherwise.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Move the moment at which an article appears, hold it, or let it go on.

    What is published already, or about to be, is not moved: `kontor undo` takes it away.

    Example: kontor content schedule size-guide --at 2027-03-01T09:00+01:00 --as anna
    """
    kontor = installation(ctx)
    if not kontor.policy_engine.on_staff(person):
        fail(f"nobody named {person!r} is on the staff", EXIT_USAGE)
    moment = _moment(at, now=now)
    if moment is None and pause is None:
        fail("say --at, --now, --pause or --resume", EXIT_USAGE)
    case_id = named_case(kontor, case)
    word = SlotWord(person=person, publish_at=moment, paused=pause)
    proved = word.model_copy(update={"proof": proof_or_leave(kontor, person, word.said(case_id))})

    async def telling() -> str:
        return await tell_case(await connect_or_leave(kontor), case_id, "scheduled", proved, result_type=str)

    try:
        reply = asyncio.run(telling())
    except NotTaken as refused:
        fail(str(refused), EXIT_FOUND)
    if as_json:
        emit_json({"case": case_id, "told": reply})
    else:
        OUT.print(reply, highlight=False, soft_wrap=True)


@app.command("calendar")
def calendar_(
    ctx: typer.Context,
    month: Annotated[str | None, typer.Option(help="Show a month as a sheet: 2027-03.")] = None,
    plan: Annotated[str, typer.Option(help="Of this plan only.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print every article as JSON.")] = False,
) -> None:
    """Show what is planned and what became of it: a list, or a month as a sheet; times as the office's clock.

    Example: kontor content calendar --month 2027-03
    """
    first = _month(month) if month else None
    kontor = installation(ctx)
    zone = kontor.zone
    shown = sorted(
        (line for line in _planned(kontor) if plan in ("", line.plan)), key=lambda line: (line.at, line.case)
    )
    if first is not None:
        shown = [line for line in shown if line.at.astimezone(zone).date().replace(day=1) == first]
    if as_json:
        emit_json([line.model_dump(mode="json") for line in shown])
    elif first is not None:
        OUT.print(_sheet(first, by_day(shown, zone)))
    else:
        OUT.print(_list(shown, zone))


def _month(said: str) -> date:
    try:
        return datetime.strptime(said, "%Y-%m").date()
    except ValueError:
        fail(f"--month {said} is no month; write 2027-03", EXIT_USAGE)


def _planned(kontor: Installation) -> Iterator[Planned]:
    """Yield every article in the books, page by page."""
    after: tuple[datetime, str] | None = None
    while records := kontor.cases.newest(CaseFilter(desk=DESK, after=after, limit=PAGE)):
        for record in records:
            yield planned(record, kontor.episodes.of_case(record.id))
        after = (records[-1].opened_at, records[-1].id)


def _list(lines: list[Planned], zone: tzinfo) -> Table:
    table = Table("when", "article", "channels", "stands", box=None)
    for line in lines:
        when = f"{line.at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(when, escape(line.case), ", ".join(line.channels), escape(_standing(line)))
    return table


def _standing(line: Planned) -> str:
    if line.outcome:
        return line.outcome.replace("_", " ")
    return f"waits {line.waits_for}" if line.waits_for else line.status


def _sheet(first: date, days: dict[date, list[Planned]]) -> Table:
    """Return a month as a sheet: a column a weekday, in each day its articles."""
    table = Table(*day_abbr, title=f"{first:%B %Y}", show_lines=True)
    for week in Calendar().monthdatescalendar(first.year, first.month):
        table.add_row(*(_day(day, days.get(day, ())) if day.month == first.month else "" for day in week))
    return table


def _day(day: date, lines: Sequence[Planned]) -> str:
    return "\n".join([str(day.day), *(escape(line.case.rpartition("/")[2]) for line in lines)])


def _moment(at: str | None, *, now: bool) -> datetime | None:
    """Return the moment that is meant, or leave saying how to write it."""
    if now:
        return datetime.now(UTC)
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        fail(f"--at {at} is no time; write 2027-03-01T09:00+01:00", EXIT_USAGE)
    if moment.tzinfo is None:
        fail(f"--at {at} has no offset: whose clock is it? Write {at}+01:00", EXIT_USAGE)
    return moment


def _texts(given: list[Path], draft: Path) -> list[Path]:
    """Return the files named, and the Markdown files of the folders named, but never the draft."""
    named = (file for path in given for file in (files(path) if path.is_dir() else [path]))
    return [file for file in named if not file.samefile(draft)]


def _print(draft: Path, verdicts: list[Verdict], *, every: bool) -> None:
    table = Table("line", "claim", "verdict", "evidence", box=None)
    for verdict in verdicts:
        if every or verdict.word not in PASSES:
            table.add_row(
                str(verdict.claim.sentence.line),
                escape(verdict.claim.sentence.text),
                f"[{STYLES.get(verdict.word, 'default')}]{escape(str(verdict))}[/]",
                escape(_cited(verdict)),
            )
    if table.rows:
        OUT.print(table)
    counts = Counter(verdict.word for verdict in verdicts)
    said = " · ".join(f"{word} {counts[word]}" for word in Word if counts[word])
    OUT.print(f"{draft}: {counted(len(verdicts), 'claim')}{': ' if said else ''}{said}", soft_wrap=True)


def _cited(verdict: Verdict) -> str:
    if verdict.passage is None:
        return ""
    return f"{verdict.passage.source}:{verdict.passage.line} {verdict.evidence}"


def _as_json(verdict: Verdict) -> dict[str, Any]:
    sentence, passage = verdict.claim.sentence, verdict.passage
    return {
        "line": sentence.line,
        "claim": sentence.text,
        "parts": [{"kind": part.kind.value, "written": part.written} for part in verdict.claim.parts],
        "word": verdict.word.value,
        "said": str(verdict),
        "differences": [
            {"source": each.source, "draft": each.draft, "start": each.start, "end": each.end}
            for each in verdict.differences
        ],
        "evidence": verdict.evidence,
        "source": passage.source if passage else None,
        "source_line": passage.line if passage else None,
        "searched": verdict.searched,
    }

"""How a verification looks at a terminal."""

from collections.abc import Collection, Iterator

from rich.markup import escape

from contracts.counted import counted
from memory.episodic.anchor import APPENDS, PERIOD
from memory.episodic.books_check import BooksReport
from memory.episodic.verify import Report
from service.signed_decisions import SignatureReport


def audit_lines(report: Report, places_by_default: Collection[str] = ()) -> Iterator[str]:
    """Yield what a verification found, line by line: findings, notes, places outside, books, the end.

    Args:
        report: what was found.
        places_by_default: places for heads that nobody chose, so that they lie beside the database.
    """
    for finding in report.findings:
        where = f" at {finding.position}" if finding.position else ""
        place = f"{finding.place}: " if finding.place else ""
        yield f"[red]{finding.wrong}[/]{where}: {escape(place + finding.what)}"
    if report.found > len(report.findings):
        yield f"… and {report.found - len(report.findings)} more"
    if report.books is not None:
        yield from _rows(report.books)
    for note in report.notes:
        yield f"[yellow]note:[/] {escape(note)}"
    yield from _places(report, places_by_default)
    yield from _end(report)


def _rows(books: BooksReport) -> Iterator[str]:
    for finding in books.findings:
        yield f"[red]{finding.wrong}[/] {escape(f'{finding.table} {finding.key}: {finding.what}')}"
    if books.found > len(books.findings):
        yield f"… and {counted(books.found - len(books.findings), 'more row')}"
    if books.older:
        tables = ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in books.older.items())
        rows = counted(sum(books.older.values()), "row is", "rows are")
        yield (
            f"[yellow]note:[/] {rows} older than what the log tells of rows "
            f"({tables}): only what was written since is compared"
        )


def _places(report: Report, by_default: Collection[str]) -> Iterator[str]:
    """Say where heads are kept outside, how far they reach, and what that leaves open."""
    for place in report.places:
        reach = f"the newest counts {place.count} of {counted(report.head.count, 'episode')}"
        yield f"outside: {escape(place.name)}: {counted(place.heads, 'head')}, {reach}"
        if place.name in by_default and len(report.places) == 1:
            yield (
                "  [yellow]note:[/] that is the default place, beside the database: whoever sets both "
                "back is not found out. KONTOR_AUDIT_ANCHOR moves it, KONTOR_AUDIT_SECOND_ANCHOR adds one"
            )
    if report.places and report.without_head:
        yield (
            f"  the last {counted(report.without_head, 'episode has', 'episodes have')} no head outside yet "
            "and could be cut off "
            f"unseen: one is kept with every {APPENDS}th episode, with the first after "
            f"{PERIOD.total_seconds():.0f} s, by each run of the reconciler, and by `kontor audit anchor`"
        )


def _end(report: Report) -> Iterator[str]:
    outside = "" if report.anchors is None else f", {counted(report.anchors, 'head')} outside"
    rows = "" if report.books is None else f", {counted(report.books.rows, 'row')}"
    found = report.found + (report.books.found if report.books else 0)
    state = "[green]whole[/]" if report.whole else f"[red]{found} found wrong[/]"
    yield f"{counted(report.links, 'episode')}{outside}{rows}: {state}"


def signature_lines(report: SignatureReport) -> Iterator[str]:
    """Say whether the decisions that passkeys signed are theirs; nothing where there are none."""
    if report.checked and not report.findings:
        yield f"{counted(report.checked, 'signed decision is', 'signed decisions are')} as the passkey signed"
    for finding in report.findings:
        what = f"{finding.request_id}, {finding.person} at {finding.at.isoformat()}: {finding.what}"
        yield f"[red]signature[/] {escape(what)}"

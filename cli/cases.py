"""`kontor cases`: the office's list of cases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from cli.connection import installation, named_case
from cli.durations import DURATION, hours
from cli.terminal import EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from contracts.case import CaseRecord, CaseStatus
from contracts.money import money_text
from memory.authoritative.cases import CaseFilter
from service.words import when

COLOURS = {
    CaseStatus.RUNNING: "cyan",
    CaseStatus.WAITING: "yellow",
    CaseStatus.SETTLED: "green",
    CaseStatus.FAILED: "red",
}


def cases(
    ctx: typer.Context,
    desk: Annotated[str, typer.Option(help="Only this desk.")] = "",
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    status: Annotated[str, typer.Option(help="running, waiting, settled, denied, failed, …")] = "",
    order: Annotated[str, typer.Option(help="Only cases of this order.")] = "",
    customer: Annotated[str, typer.Option(help="Only this customer's, by the channel's own id.")] = "",
    text: Annotated[
        str, typer.Option(help="Only cases that mention this, in the request or its summary.")
    ] = "",
    within: Annotated[
        timedelta | None,
        typer.Option(
            "--hours",
            parser=hours,
            metavar=DURATION,
            help="Only cases opened in the last hours, or 90m, 2d.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the newest first.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """List cases, the newest first, and name those that wait or cannot go on, with the reason.

    Example: kontor cases --status waiting --channel webshop, or kontor cases --order W-9001
    """
    kontor = installation(ctx)
    wanted = CaseFilter(
        desk=desk,
        channel=channel,
        status=_status(status),
        customer=customer,
        mentions=tuple(word for word in (order, text) if word),
        since=datetime.now(UTC) - within if within else None,
        limit=limit,
    )
    store = kontor.cases
    found = store.newest(wanted)
    troubles = kontor.stuck_cases.troubles()
    if as_json:
        stuck = {trouble.case_id for trouble in troubles}
        emit_json([record.model_dump(mode="json") | {"stuck": record.id in stuck} for record in found])
        return
    OUT.print(_table(found, kontor.zone))
    counts = store.count(wanted)
    OUT.print(" · ".join(f"{status.value} {count}" for status, count in sorted(counts.items())) or "no cases")
    for record in found:
        if record.waits_for and not record.status.ended:
            OUT.print(f"[yellow]waits[/] {record.id}: {escape(record.waits_for)}", soft_wrap=True)
    for trouble in troubles:
        OUT.print(f"[red]stuck[/] {escape(trouble.words())}", soft_wrap=True)


def _status(word: str) -> CaseStatus | None:
    if not word:
        return None
    try:
        return CaseStatus(word)
    except ValueError:
        fail(f"no status {word!r}; there is: {', '.join(CaseStatus)}", EXIT_USAGE)


def _table(found: list[CaseRecord], zone: ZoneInfo) -> Table:
    rows = (
        (
            record.id,
            f"[{COLOURS.get(record.status, 'white')}]{record.status.value}[/]",
            record.outcome,
            money_text(record.amount_cents, record.currency) if record.amount_cents else "",
            escape(record.summary),
            when(record.opened_at, zone, "%m-%d %H:%M"),
        )
        for record in found
    )
    return listing(("case", "status", "outcome", "amount", "what", "opened"), rows, ids=["case"])


def case(
    ctx: typer.Context,
    case_id: Annotated[str, typer.Argument(help="A case id, or its last part: RMA-1007.")],
    log: Annotated[bool, typer.Option("--log", help="Show every line of the case's log, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Show a case's timeline: decisions with provenance, verdicts with policies, approvals, effects.

    Of a case that is open by our books the Temporal server is asked, too, if it answers at once: where
    nothing runs for it any more, that is said. The rest needs no server.

    Example: kontor case RMA-1007
    """
    kontor = installation(ctx)
    # What a timeline is made of takes a tenth of a second to import; a list needs none of it.
    from cli.views.case import lines  # noqa: PLC0415 (see above)
    from service.timeline import timeline  # noqa: PLC0415 (see above)

    found = timeline(kontor, named_case(kontor, case_id))
    assert found is not None, "the list of cases named it"
    if not found.record.status.ended:
        from service.live import live  # noqa: PLC0415 (it imports the SDK)

        found = replace(found, at_server=asyncio.run(live(kontor, found.record.id)))
    if as_json:
        emit_json(found.as_json())
        return
    for line in lines(found, kontor.zone, log=log):
        OUT.print(line, highlight=False, soft_wrap=True)

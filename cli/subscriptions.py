"""`kontor events out` and `kontor events resume`: what others are told of what happens here."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from bootstrap.installation import Installation
from cli.connection import installation
from cli.terminal import EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from contracts.counted import counted
from contracts.subscription import Announcement, SubscriptionStanding
from service.words import when

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Limit = Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the newest first.")]


def out(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="A table of subscriptions.toml: its announcements; else all subscriptions.")
    ] = "",
    limit: Limit = 50,
    as_json: JsonFlag = False,
) -> None:
    """Show who is told what happens here, how far, and what was not taken.

    Example: kontor events out, then kontor events out erp
    """
    kontor = installation(ctx)
    if name:
        _known(kontor, name)
        found = kontor.announcements.newest(name, limit)
        if as_json:
            emit_json([each.model_dump(mode="json") for each in found])
        else:
            OUT.print(_announcements(found, kontor))
        return
    told = {each.name: each for each in kontor.announcements.standings()}
    standings = [
        told.get(each) or SubscriptionStanding(name=each, position=0) for each in kontor.subscriptions
    ]
    if as_json:
        emit_json([each.model_dump(mode="json") for each in standings])
    else:
        OUT.print(_standings(standings, kontor))


def resume(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A table of subscriptions.toml.")],
    as_json: JsonFlag = False,
) -> None:
    """Tell a subscription again that was told no more, and what it did not take, from now on.

    What it took is not told again. A worker goes on within seconds.

    Example: kontor events resume erp
    """
    kontor = installation(ctx)
    _known(kontor, name)
    waiting = kontor.announcements.resume(name, datetime.now(UTC))
    if as_json:
        emit_json({"subscription": name, "waiting": waiting})
    else:
        OUT.print(f"{name} is told again: {counted(waiting, 'episode waits', 'episodes wait')}")


def _known(kontor: Installation, name: str) -> None:
    known = kontor.subscriptions
    if name not in known:
        fail(f"no subscription {name!r}; there is: {', '.join(known) or 'none'}", EXIT_USAGE)


def _standings(found: list[SubscriptionStanding], kontor: Installation) -> Any:
    rows = []
    for each in found:
        subscription = kontor.subscriptions[each.name]
        to = subscription.url or f"the desk {subscription.case.desk if subscription.case else ''}"
        stands = f"[red]told no more: {escape(each.why)}[/]" if each.ended_at else escape(each.why)
        last = when(each.delivered_at, kontor.zone) if each.delivered_at else "-"
        counts = (str(each.delivered), str(each.waiting), str(each.failed))
        rows.append((escape(each.name), escape(to), *counts, last, stands or "-"))
    headers = ("subscription", "to", "taken", "waiting", "failed", "last taken", "trouble")
    return listing(headers, rows, ids=("subscription",))


def _announcements(found: list[Announcement], kontor: Installation) -> Any:
    rows = [
        (
            str(each.position),
            when(each.episode.at, kontor.zone),
            escape(each.episode.kind),
            escape(each.episode.case_id),
            each.standing.value,
            str(each.attempts),
            escape(each.why) or "-",
        )
        for each in found
    ]
    headers = ("episode", "happened", "kind", "case", "stands", "tries", "last trouble")
    return listing(headers, rows, ids=("episode", "case"))

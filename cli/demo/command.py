"""`kontor demo`: a morning's work with everything real, and faults on."""

import asyncio
import shutil
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import httpx
import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import connect_or_leave
from cli.demo.judgement import Verdict
from cli.demo.run import Morning, Progress, Summary
from cli.stack.dev_server import TemporalMissing
from cli.stack.gemini_sandbox import pointed_at_sandbox
from cli.stack.office import OfficeNews
from cli.stack.processes import AlreadyRunning, Children, only_one
from cli.stack.up import WATCH_SECONDS, banner, entrances
from cli.terminal import EXIT_FOUND, EXIT_UNREACHABLE, OUT, fail
from contracts.counted import counted
from contracts.money import money_text
from contracts.office import OfficeMissing
from sandbox.faults import MORNING
from service.identity import bind
from service.intake import NotStarted, Started, start_all
from service.offices import OfficeRefused
from settings import Settings, settings
from workflows.returns.desk import DESK

LONGEST_SECONDS = 300.0
SHOWN_EVERY = 20


@dataclass
class Interrupted:
    """Whether somebody pressed Ctrl-C."""

    event: threading.Event

    @classmethod
    def on_signals(cls) -> "Interrupted":
        """Set the event on SIGINT and SIGTERM instead of dying half way."""
        found = cls(threading.Event())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: found.event.set())
        return found


class GeminiChoice(StrEnum):
    """Who is asked what local models leave open; with a real key set, Gemini is asked without this."""

    OFF = "off"
    SANDBOX = "sandbox"


def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget all state of earlier runs first.")] = False,
    stay: Annotated[
        bool | None, typer.Option("--stay/--leave", help="Stay up afterwards; at a terminal the default.")
    ] = None,
    gemini: Annotated[
        GeminiChoice,
        typer.Option("--gemini", help="What local models leave open: to a person, or to Gemini's sandbox."),
    ] = GeminiChoice.OFF,
) -> None:
    """Start everything, hand in a morning of 60 messages with faults on, and sum up.

    Each ends in one of four ways: settled alone, asked back of the customer (the demo answers as they would),
    asked of people, or wrong: other than what `office/demo/morning.expected.jsonl` said before. It is safe to
    run again: what was done is found done. Without a terminal it leaves after the summary, with exit code 1
    if a case was lost, something was paid twice, or a message ended wrong.
    """
    found = settings()
    if fresh:
        shutil.rmtree(found.state, ignore_errors=True)
    asking = gemini is GeminiChoice.SANDBOX
    found = pointed_at_sandbox(found) if asking else found
    children, interrupted = Children(found, gemini_sandbox=asking), Interrupted.on_signals()
    staying = sys.stdout.isatty() if stay is None else stay
    try:
        with only_one(found.state), Installation(found) as kontor:
            news = OfficeNews(kontor)
            try:
                summary = _run(found, children, console=staying)
                if staying:
                    OUT.print(banner(found))
                    OUT.print(entrances(kontor, sandbox=True), soft_wrap=True)
                    while not interrupted.event.wait(WATCH_SECONDS):
                        children.watch()
                        news.tell()
            finally:
                children.stop()
    except (AlreadyRunning, RuntimeError, TemporalMissing) as error:
        fail(str(error), EXIT_UNREACHABLE)
    except (OfficeRefused, OfficeMissing) as refused:
        fail(str(refused))
    if not summary.sound or summary.wrong:
        raise typer.Exit(EXIT_FOUND)


def _run(found: Settings, children: Children, *, console: bool) -> Summary:
    with OUT.status("starting Temporal, the sandbox's three channels, and a worker"):
        children.start_all(console=console)
    url = f"http://127.0.0.1:{found.sandbox_port}"
    httpx.put(f"{url}/admin/faults", content=MORNING.model_dump_json(), timeout=10.0).raise_for_status()
    with Installation(found) as installation:
        _bind_everybody(installation)
        summary = asyncio.run(_morning(Morning.of(installation, found.office), installation))
    _print(summary, found)
    return summary


def _bind_everybody(kontor: Installation) -> None:
    """Let whoever plays the demo be any of its people: they all share this account."""
    if not kontor.people.anybody():
        for person in kontor.policy_engine.book.staff.people:
            bind(kontor, person)


async def _morning(morning: Morning, kontor: Installation) -> Summary:
    """Hand the requests in, show how they stand, and sum up once all have ended or wait."""
    client, since = await connect_or_leave(kontor), datetime.now(UTC)
    outcomes = await start_all(client, kontor.admissions, DESK, morning.requests)
    if lost := [outcome for outcome in outcomes if isinstance(outcome, NotStarted)]:
        fail(f"{counted(len(lost), 'case')} could not be started: {lost[0].why}", EXIT_UNREACHABLE)
    anew = [one for one, said in zip(morning.requests, outcomes, strict=True) if said is Started.AGAIN]
    morning.began_anew(anew, since)
    new, joined = outcomes.count(Started.NEW), outcomes.count(Started.JOINED)
    more = f", {len(anew)} began anew (nobody had decided its end)" if anew else ""
    OUT.print(
        f"{counted(new, 'request')} handed in over three channels, {joined} were there already{more}; "
        "faults are on"
    )
    if sys.stdout.isatty():
        with Live(console=OUT, refresh_per_second=8) as live:
            await morning.wait(client, lambda now: live.update(_progress_table(now)), LONGEST_SECONDS)
    else:
        await morning.wait(client, _Plain().show, LONGEST_SECONDS)
    return morning.summary()


class _Plain:
    """Progress without a terminal: a line whenever enough has changed."""

    def __init__(self) -> None:
        self._last = -SHOWN_EVERY

    def show(self, now: Progress) -> None:
        if now.done - self._last >= SHOWN_EVERY or now.done == now.total != self._last:
            self._last = now.done
            OUT.print(
                f"{now.done}/{now.total} done, {now.retried} calls retried, "
                f"{money_text(now.out_cents, now.currency)} out"
            )


def _progress_table(now: Progress) -> Table:
    table = Table("cases", *sorted(now.statuses), "calls retried", "money out", box=None)
    counts = [str(now.statuses[status]) for status in sorted(now.statuses)]
    table.add_row(
        f"{now.done}/{now.total}", *counts, str(now.retried), money_text(now.out_cents, now.currency)
    )
    return table


def _print(summary: Summary, found: Settings) -> None:
    books = summary.reckoning
    table = Table("", "", box=None, show_header=False)
    table.add_row("cases", f"{summary.cases}, lost {len(summary.lost)}")
    for status, count in summary.statuses.most_common():
        table.add_row(f"  {status}", str(count))
    for verdict in Verdict:
        table.add_row(verdict.value, f"{summary.share(verdict):.0%}")
    calls = summary.faults.pop("calls", 0)
    hit = ", ".join(f"{fault.replace('_', ' ')} {count}" for fault, count in summary.faults.most_common())
    table.add_row("faults the channels made", f"{summary.faults.total()} in {calls} calls: {hit}")
    table.add_row(
        "effects", f"{summary.effects}, in {summary.attempts} calls; {summary.looked_up} found by look-up"
    )
    table.add_row(
        "payments at the channels", f"{books.payments}, {money_text(books.out_cents, summary.currency)} out"
    )
    table.add_row("paid twice / lost", f"{len(books.twice)} / {len(books.lost)}")
    table.add_row(
        "books against channels", f"{money_text(books.difference_cents, summary.currency)} difference"
    )
    for decider in summary.deciders:
        table.add_row(f"decisions by {decider.by}", f"{decider.answered} of {decider.decisions} answered")
    table.add_row("cost of models", f"{summary.cost_microusd / 1e6:.4f} USD")
    OUT.print(table)
    agrees = "[green]The books agree to the cent; nothing lost, nothing twice.[/]"
    OUT.print(agrees if summary.sound else f"[red]Not sound:[/] {books.twice} {books.lost} {summary.lost}")
    for each in summary.wrong:
        OUT.print(f"[red]Wrong:[/] {escape(each.words)}")
    OUT.print(
        "Try next (with `kontor up` or the demo running): [bold]kontor approvals list[/] · "
        "[bold]kontor case returns/webshop/RMA-1001[/] · [bold]kontor replay --all[/] · "
        f"Web UI http://127.0.0.1:{found.temporal_ui_port}"
    )

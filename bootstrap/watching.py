"""The questions that a worker's health stands on, put to one installation and its server."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from contracts.case import CaseStatus
from contracts.effect import EffectState
from health.figures import Work, WorkFigures
from health.number_figures import NumberFigures
from health.standing import Asked, Phase, Standing
from health.systemd import tell
from memory.authoritative.numbers.number import Reading
from memory.database import ask
from service.numbers import scope_of
from service.queues import queues_of, standings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from temporalio.client import Client

    from bootstrap.installation import Installation

ANSWER = timedelta(seconds=2)
START_PATIENCE = timedelta(minutes=5)


class ServerNotServing(Exception):
    """The Temporal server answers, and says that it does not serve."""


def watch(
    standing: Standing, figures: "CollectorRegistry", installation: "Installation", client: "Client"
) -> None:
    """Let a worker's health stand on its database and its server; with the control role, count the work."""
    standing.watch("the database", partial(ask_database, installation))
    standing.watch("the Temporal server", partial(ask_server, client))
    if "control" in standing.roles:
        work = Asked(asyncio.get_running_loop(), partial(count_work, installation, client))
        figures.register(WorkFigures(work))
        figures.register(NumberFigures(partial(_numbers, installation)))


def tell_systemd(standing: Standing) -> None:
    """Tell systemd after each beat how the worker stands: ready once it polls, and that it moves.

    A worker that starts again on another office loads its models, and may have to train them: until it
    is ready, the watchdog has the patience that a start has.
    """
    if standing.phase is Phase.DRAINING:
        tell("STOPPING=1")
    elif standing.phase is Phase.RESTARTING:
        tell(f"WATCHDOG_USEC={START_PATIENCE // timedelta(microseconds=1)}")
    elif standing.polls():
        patience = os.environ.get("WATCHDOG_USEC", "")
        tell(f"READY=1\nWATCHDOG_USEC={patience}\nWATCHDOG=1" if patience else "READY=1\nWATCHDOG=1")


async def ask_database(installation: "Installation") -> None:
    """Ask the database, the way that the work asks it; raises what its driver raises."""
    await asyncio.to_thread(ask, installation.database)


async def ask_server(client: "Client") -> None:
    """Ask the Temporal server; raises RPCError, or ServerNotServing."""
    if not await client.service_client.check_health(timeout=ANSWER):
        raise ServerNotServing


async def count_work(installation: "Installation", client: "Client") -> Work:
    """Count what waits, by the books and by the server; raises what either raises."""
    queues, counted = await asyncio.gather(
        standings(client, queues_of(installation)), asyncio.to_thread(_count, installation)
    )
    cases, effects, stuck, held_up = counted
    return Work(queues=queues, cases=cases, effects=effects, stuck_cases=stuck, held_up_effects=held_up)


def _numbers(installation: "Installation") -> list[Reading]:
    return installation.numbers.read(scope_of(installation, datetime.now(UTC)))


def _count(installation: "Installation") -> tuple[dict[str, int], dict[str, int], int, int]:
    by_status, by_state = installation.cases.count(), installation.ledger.count()
    cases = {status.value: by_status.get(status, 0) for status in CaseStatus}
    effects = {state.value: by_state.get(state, 0) for state in EffectState}
    stuck = {trouble.case_id for trouble in installation.stuck_cases.troubles()}
    return cases, effects, len(stuck), len(installation.ledger.held_up())

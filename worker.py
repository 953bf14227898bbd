"""A worker process: an installation, the activities of its roles, Temporal's Workers. No logic."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from functools import partial

from temporalio.client import Client
from temporalio.worker import Worker

from bootstrap import serving
from bootstrap.following import replaced, tell_of_folder
from bootstrap.installation import Installation
from bootstrap.keeping import drop_what_is_old
from bootstrap.runner import workflow_runner
from bootstrap.watching import tell_systemd, watch
from connectors.connectors import queue_options
from contracts.desk import Activity
from contracts.ids import CONTROL_QUEUE, MEMORY_QUEUE, MODELS_QUEUE, SECOND_MODELS_QUEUE
from contracts.office import OfficeMissing
from health.address_book import registered
from health.figures import registry
from health.pulse import Pulse
from health.server import listening
from health.standing import Phase, Standing
from logs import is_expected, start_logs
from memory.episodic.chain import KeyMissing
from service.announcing import look_for_announcements
from service.dispatch import look_for_events
from service.offices import OfficeRefused, take
from service.operator import operator
from service.ownership import NotOurs, claim
from service.schedule import keep_schedule
from service.silence import look_for_silence
from service.temporal import ServerAway, check_search_attributes, connect
from settings import Settings, SettingsInvalid, settings
from telemetry import start_runtime, start_telemetry
from workflows.registry import workflow_types

STICKY_TIMEOUT = timedelta(seconds=2)
"""How long a case waits for the worker that had it in its cache: what a kill -9 costs."""

GRACEFUL_SHUTDOWN = timedelta(seconds=5)
MOST_AT_ONCE = 50
"""Activities of one queue under way at once in one process."""
SERVING = "serving"
"""The word in a worker's log, with its process id, once it takes work."""
EXIT_FOUND = 1
"""The office is not served as it is; the same as the command line's."""
EXIT_UNREACHABLE = 3
"""A part that must run does not answer; the same as the command line's."""


class Role(StrEnum):
    """What a worker process serves; more processes with fewer roles each is how Kontor scales."""

    CONTROL = "control"
    MODELS = "models"
    SECOND_MODELS = "models-b"
    MEMORY = "memory"
    CONNECTORS = "connectors"


def control(client: Client, installation: Installation, roles: Sequence[Role] = ()) -> list[Worker]:
    """Serve the desks' workflows and the activities that write our own records.

    What the process serves by its other roles is also served beside the workflows.
    """
    return [
        Worker(
            client,
            task_queue=CONTROL_QUEUE,
            workflows=workflow_types(),
            activities=serving.control_activities(installation, roles),
            workflow_runner=workflow_runner(),
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
            graceful_shutdown_timeout=GRACEFUL_SHUTDOWN,
            max_concurrent_activities=MOST_AT_ONCE,
        )
    ]


def models(client: Client, installation: Installation, _roles: Sequence[Role] = ()) -> list[Worker]:
    """Serve decisions."""
    return [_serving(client, MODELS_QUEUE, serving.model_activities(installation))]


def second_models(client: Client, installation: Installation, _roles: Sequence[Role] = ()) -> list[Worker]:
    """Serve the second zone's votes on critical decisions; on another machine it is worth most."""
    return [_serving(client, SECOND_MODELS_QUEUE, serving.decision_activities(installation))]


def memory(client: Client, installation: Installation, _roles: Sequence[Role] = ()) -> list[Worker]:
    """Serve recall; with the embedded vector store, only one process may."""
    return [_serving(client, MEMORY_QUEUE, serving.memory_activities(installation))]


def connectors(client: Client, installation: Installation, _roles: Sequence[Role] = ()) -> list[Worker]:
    """Serve each outside system on a queue of its own, at its own rate."""
    return [
        Worker(
            client,
            activities=serving.connector_activities(installation, manifest),
            graceful_shutdown_timeout=GRACEFUL_SHUTDOWN,
            **asdict(queue_options(manifest)),
        )
        for manifest in installation.connectors.manifests()
    ]


def _serving(client: Client, queue: str, activities: Sequence[Activity]) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        activities=activities,
        graceful_shutdown_timeout=GRACEFUL_SHUTDOWN,
        max_concurrent_activities=MOST_AT_ONCE,
    )


ROLES: dict[Role, Callable[[Client, Installation, Sequence[Role]], list[Worker]]] = {
    Role.CONTROL: control,
    Role.MODELS: models,
    Role.SECOND_MODELS: second_models,
    Role.MEMORY: memory,
    Role.CONNECTORS: connectors,
}


async def serve(settings: Settings, roles: Sequence[Role], *, anyway: bool = False) -> bool:
    """Serve these roles until SIGTERM or SIGINT, then hand over what is under way.

    Args:
        settings: of this process.
        roles: what it serves.
        anyway: serve an office that has problems, on record.

    Returns:
        Whether it is to start again, because another office is in force.

    Raises:
        OfficeRefused: the office that is to be served has problems.
        KeyMissing: the log's head cannot be signed, and so nothing be changed in the books.
    """
    await asyncio.to_thread(_take_office, settings, anyway=anyway)
    standing = Standing(Pulse(), roles)
    runtime, sdk_port = start_runtime()
    figures = registry(standing, sdk_port)
    with (
        listening(settings.health_host, settings.health_port, standing, figures) as address,
        registered(settings.state, address, roles),
    ):
        logging.info("health at http://%s: /healthz, /readyz, /metrics", address)
        client = await connect(settings, plugins=start_telemetry(settings), runtime=runtime)
        async with Installation(settings) as installation:
            # Before anything is changed there: the namespace may be another installation's.
            await claim(client, installation.identity)
            await check_search_attributes(client)
            if Role.CONTROL in roles:
                await keep_schedule(client, settings.reconcile_every_minutes)
            watch(standing, figures, installation, client)
            if {Role.MODELS, Role.SECOND_MODELS} & set(roles):
                await serving.warm_models(installation)
            if Role.MEMORY in roles:
                await installation.memory.start()
            workers = [worker for role in roles for worker in ROLES[role](client, installation, roles)]
            again = await _run(workers, standing, installation)
            if Role.CONTROL in roles:
                await asyncio.to_thread(installation.episodes.anchor)
    return again


def _take_office(settings: Settings, *, anyway: bool) -> None:
    with Installation(settings) as installation:
        installation.audit_signer.public_key()
        release = take(installation, by=operator(), anyway=anyway)
    logging.info("serves the office %s, release %d by %s", release.version, release.number, release.by)
    for problem in release.problems:
        logging.warning("the office is served anyway: %s", problem)


async def _run(workers: Sequence[Worker], standing: Standing, installation: Installation) -> bool:
    """Poll until a signal, or until another office is in force; then True."""
    stop, to_end = asyncio.Event(), asyncio.Event()

    def end() -> None:
        to_end.set()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    standing.polls = lambda: all(worker.is_running for worker in workers)
    beside = [asyncio.create_task(standing.pulse.keep(partial(tell_systemd, standing)))]
    if Role.CONTROL in standing.roles:
        beside.append(asyncio.create_task(tell_of_folder(installation)))
        beside.append(asyncio.create_task(drop_what_is_old(installation)))
        beside.append(asyncio.create_task(look_for_events(installation, workers[0].client)))
        beside.append(asyncio.create_task(look_for_silence(installation, workers[0].client)))
        beside.append(asyncio.create_task(look_for_announcements(installation, workers[0].client)))
    office = asyncio.create_task(replaced(installation))
    office.add_done_callback(lambda _: stop.set())
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run())
        standing.phase = Phase.SERVING
        roles = ", ".join(standing.roles)
        logging.info("%s [%d] %s on %d queues", SERVING, os.getpid(), roles, len(workers))
        await stop.wait()
        standing.phase = Phase.DRAINING if to_end.is_set() else Phase.RESTARTING
        if standing.phase is Phase.RESTARTING:
            logging.info("the office %s is in force: this worker starts again on it", office.result())
        tell_systemd(standing)
        for worker in workers:
            group.create_task(worker.shutdown())
    for task in (*beside, office):
        task.cancel()
    return not to_end.is_set()


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line; `roles` is a list of roles."""
    found = argparse.ArgumentParser(prog="python -m worker", description="Serve Kontor's work.")
    everything = ",".join(Role)
    found.add_argument("--roles", type=_roles, default=everything, help=f"comma-separated: {everything}")
    found.add_argument(
        "--anyway", action="store_true", help="serve an office whose own tests fail; it is on record"
    )
    return found


def _roles(names: str) -> list[Role]:
    known = ", ".join(Role)
    try:
        return [Role(name) for name in names.split(",")]
    except ValueError as unknown:
        raise argparse.ArgumentTypeError(f"{unknown}; there are: {known}") from None


def main() -> None:
    """Run a worker process: `python -m worker --roles control,connectors`."""
    arguments = parser()
    given = arguments.parse_args()
    try:
        found = settings()
    except SettingsInvalid as invalid:
        arguments.error(str(invalid))
    start_logs(found)
    try:
        again = asyncio.run(serve(found, given.roles, anyway=given.anyway))
    except (OfficeRefused, KeyMissing, OfficeMissing) as refused:
        logging.error("the worker does not start: %s", refused)
        sys.exit(EXIT_FOUND)
    except Exception as error:
        if not (isinstance(error, ServerAway | NotOurs) or is_expected(error)):
            raise
        logging.error("the worker cannot start: %s", error)
        sys.exit(EXIT_UNREACHABLE)
    if again:
        # The same command anew: nothing that was read from the office before can be left over.
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 (no shell; our own command)


if __name__ == "__main__":
    main()

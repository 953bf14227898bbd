"""The composition root: settings, adapters, activity objects, Workers. No logic."""

import argparse
import asyncio
import faulthandler
import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

import bootstrap
from bootstrap.story_runner import StoryRunner
from cli.connection import check_search_attributes, connect
from cli.schedule import keep_schedule
from connectors.connectors import Connectors
from connectors.rates import queue_options
from contracts.ids import CONTROL_QUEUE, MEMORY_QUEUE, MODELS_QUEUE, SECOND_MODELS_QUEUE
from memory.redaction import redact_logs
from settings import Settings, settings
from telemetry import start_telemetry
from workflows.registry import WORKFLOWS

STICKY_TIMEOUT = timedelta(seconds=2)
"""How long a case waits for the worker that had it in its cache: what a kill -9 costs."""

GRACEFUL_SHUTDOWN = timedelta(seconds=5)
MOST_AT_ONCE = 50
"""Activities of one queue under way at once in one process."""
SERVING = "serving"
"""The word in a worker's log, with its process id, once it takes work."""
FROZEN_SECONDS = 60
"""A worker whose event loop stands still for so long ends itself, and says where it stood."""


class Role(StrEnum):
    """What a worker process serves; more processes with fewer roles each is how Kontor scales."""

    CONTROL = "control"
    MODELS = "models"
    SECOND_MODELS = "models-b"
    MEMORY = "memory"
    CONNECTORS = "connectors"


def workflow_runner() -> StoryRunner:
    """Return the sandbox in which a first-party import outside `imports_passed_through` fails."""
    policy = (
        SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
    return StoryRunner(restrictions=SandboxRestrictions.default.with_import_notification_policy(policy))


def control(client: Client, found: Settings, outside: Connectors) -> list[Worker]:
    """Serve the desks' stories and the activities that write our own books."""
    return [
        Worker(
            client,
            task_queue=CONTROL_QUEUE,
            workflows=WORKFLOWS,
            activities=[
                *bootstrap.case_activities(found),
                *bootstrap.policy_activities(found, outside),
                *bootstrap.approval_activities(found, outside),
                *bootstrap.ledger_activities(found, outside),
                *bootstrap.books_activities(found, outside),
            ],
            workflow_runner=workflow_runner(),
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
            graceful_shutdown_timeout=GRACEFUL_SHUTDOWN,
            max_concurrent_activities=MOST_AT_ONCE,
        )
    ]


def models(client: Client, found: Settings, _outside: Connectors) -> list[Worker]:
    """Serve decisions."""
    activities = [*bootstrap.decision_activities(found), *bootstrap.batch_activities(found)]
    return [_serving(client, MODELS_QUEUE, activities)]


def second_models(client: Client, found: Settings, _outside: Connectors) -> list[Worker]:
    """Serve the second zone's votes on critical decisions; on another machine it is worth most."""
    return [_serving(client, SECOND_MODELS_QUEUE, bootstrap.decision_activities(found))]


def memory(client: Client, found: Settings, _outside: Connectors) -> list[Worker]:
    """Serve recall; with the embedded vector store, only one process may."""
    return [_serving(client, MEMORY_QUEUE, bootstrap.recall_activities(found))]


def connectors(client: Client, found: Settings, outside: Connectors) -> list[Worker]:
    """Serve each outside system on a queue of its own, at its own rate."""
    activities = bootstrap.connector_activities(found, outside)
    return [
        Worker(
            client,
            activities=activities,
            graceful_shutdown_timeout=GRACEFUL_SHUTDOWN,
            **asdict(queue_options(manifest)),
        )
        for manifest in outside.manifests()
    ]


def _serving(client: Client, queue: str, activities: Sequence[bootstrap.Activity]) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        activities=activities,
        graceful_shutdown_timeout=GRACEFUL_SHUTDOWN,
        max_concurrent_activities=MOST_AT_ONCE,
    )


ROLES = {
    Role.CONTROL: control,
    Role.MODELS: models,
    Role.SECOND_MODELS: second_models,
    Role.MEMORY: memory,
    Role.CONNECTORS: connectors,
}


async def keep_alive() -> None:
    """Push off, again and again, the moment at which a frozen process ends itself.

    The interpreter's own watchdog needs no lock of ours or Python's, so it also ends a process whose
    native code is caught in a deadlock; what it held, Temporal gives to the next worker.
    """
    while True:
        faulthandler.dump_traceback_later(FROZEN_SECONDS, exit=True)
        await asyncio.sleep(FROZEN_SECONDS / 10)


async def serve(found: Settings, roles: Sequence[Role]) -> None:
    """Serve these roles until SIGTERM or SIGINT, then hand over what is under way."""
    client = await connect(found, plugins=start_telemetry(found))
    await check_search_attributes(client)
    if Role.CONTROL in roles:
        await keep_schedule(client, found.reconcile_every_minutes)
    if {Role.MODELS, Role.SECOND_MODELS} & set(roles):
        await bootstrap.warm_models(found)
    if Role.MEMORY in roles:
        await bootstrap.warm_memory(found)
    outside = bootstrap.connectors(found)
    serving = [worker for role in roles for worker in ROLES[role](client, found, outside)]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    alive = asyncio.create_task(keep_alive())
    async with asyncio.TaskGroup() as group:
        for worker in serving:
            group.create_task(worker.run())
        logging.info("%s [%d] %s on %d queues", SERVING, os.getpid(), ", ".join(roles), len(serving))
        await stop.wait()
        for worker in serving:
            group.create_task(worker.shutdown())
    alive.cancel()
    faulthandler.cancel_dump_traceback_later()
    await outside.close()
    if Role.CONTROL in roles:
        await asyncio.to_thread(bootstrap.episodes(found).anchor)


def main() -> None:
    """Run a worker process: `python -m worker --roles control,connectors`."""
    parser = argparse.ArgumentParser(description="Serve Kontor's work.")
    everything = ",".join(Role)
    parser.add_argument("--roles", default=everything, help=f"comma-separated: {everything}")
    roles = [Role(name) for name in parser.parse_args().roles.split(",")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    redact_logs()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(serve(settings(), roles))


if __name__ == "__main__":
    main()

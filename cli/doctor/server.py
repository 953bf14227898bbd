"""The Temporal server, the workers that it and this machine know, and the task queues between them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from bootstrap.installation import Installation
from cli.doctor.finding import Finding
from cli.doctor.machine import port
from cli.stack.dev_server import TemporalMissing, temporal_binary
from contracts.counted import counted
from contracts.ids import CONTROL_QUEUE, MEMORY_QUEUE, MODELS_QUEUE, SECOND_MODELS_QUEUE
from contracts.office import OfficeInvalid
from health.address_book import Registered, workers
from service.heartbeats import Heard, heard_of
from service.ownership import NotOurs, check
from service.queues import QueueStanding, queues_of, standings
from service.schedule import last_look
from service.temporal import connect
from service.words import age

CONNECT_SECONDS = 3
ANSWER_SECONDS = 8.0
"""More than a worker takes whose database and server both do not answer."""
TOO_LATE = 2
"""Intervals without a look at the cases."""
OLD_SECONDS = 300
"""A task that no worker took for so long says that there are too few of them."""
ROLES = {
    CONTROL_QUEUE: "control",
    MODELS_QUEUE: "models",
    SECOND_MODELS_QUEUE: "models-b",
    MEMORY_QUEUE: "memory",
}


def temporal(found: Installation) -> list[Finding]:
    """Look at the binary, the server with its Web UI, the workers, and every task queue of the office."""
    try:
        binary = Finding("temporal binary", "ok", temporal_binary())
    except TemporalMissing as missing:
        binary = Finding("temporal binary", "bad", "none", str(missing))
    web = port("Temporal Web UI", f"http://127.0.0.1:{found.settings.temporal_ui_port}", "kontor up")
    return [binary, web, *asyncio.run(_server(found))]


async def _server(found: Installation) -> list[Finding]:
    here = workers(found.settings.state)
    try:
        client = await asyncio.wait_for(connect(found.settings), CONNECT_SECONDS)
        info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    except (RuntimeError, RPCError, TimeoutError):
        away = Finding("Temporal server", "off", found.settings.temporal_address, "kontor up")
        return [away, *await _workers(here, [])]
    where = f"{found.settings.temporal_address} ({info.server_version})"
    heard = await heard_of(client)
    return [
        Finding("Temporal server", "ok", where),
        await _owner(client, found),
        *await _workers(here, heard),
        *await _queues(client, found, _gone(here, heard)),
        await _case_watch(client, found.settings.reconcile_every_minutes),
    ]


async def _owner(client: Client, found: Installation) -> Finding:
    """Look whose the namespace is."""
    try:
        await check(client, found.identity)
    except NotOurs as stranger:
        return Finding("Temporal namespace", "bad", client.namespace, str(stranger))
    return Finding(
        "Temporal namespace", "ok", f"{client.namespace}, for installation {found.identity.words()}"
    )


async def _case_watch(client: Client, every_minutes: int) -> Finding:
    """Say when our open cases were last looked up at the server: a dead one looks alive until then."""
    part, advice = (
        "case watch",
        "kontor books reconcile looks now; a worker with the role control does by itself",
    )
    look, now = await last_look(client), datetime.now(UTC)
    told = (
        f"open cases were looked up at the server {age(now, look.at)} ago"
        if look
        else "it has not looked yet"
    )
    if every_minutes <= 0:
        return Finding(part, "off", f"KONTOR_RECONCILE_EVERY_MINUTES is 0; {told}", "kontor books reconcile")
    if look is None or look.trouble or now - look.at > TOO_LATE * timedelta(minutes=every_minutes):
        trouble = f"; {look.trouble}" if look and look.trouble else ""
        return Finding(part, "off", f"{told}, it should every {every_minutes} min{trouble}", advice)
    return Finding(part, "ok", f"{told}, it does every {every_minutes} min")


async def _workers(here: Sequence[Registered], heard: Sequence[Heard]) -> list[Finding]:
    """Look at the workers of this machine by their own word, at others by the server's."""
    asked = await asyncio.gather(*(asyncio.to_thread(_worker, each) for each in here))
    known = {(each.host, each.pid) for each in here}
    hosts = {each.host for each in here}
    served = {queue for each in heard if not each.silent and not each.leaving for queue in each.queues}
    others = [
        _elsewhere(each, served)
        for each in sorted(heard, key=lambda one: one.identity)
        # A dead one of this machine that has no entry any more was replaced.
        if (each.host, each.pid) not in known
        and not each.leaving
        and not (each.silent and each.host in hosts)
    ]
    nobody = Finding("workers", "off", "none", "kontor up, or python -m worker --roles ROLES")
    return [*asked, *others] or [nobody]


def _worker(entry: Registered) -> Finding:
    name = f"{','.join(entry.roles)}: process {entry.pid} on {entry.host}"
    again = f"python -m worker --roles {','.join(entry.roles)}"
    if not entry.lives:
        advice = f"start it again ({again}; kontor up and systemd do so); if it is not to be: rm {entry.file}"
        return Finding("worker", "bad", f"{name} is dead", advice)
    try:
        alive, ready = (
            httpx.get(f"http://{entry.address}/{path}", timeout=ANSWER_SECONDS)
            for path in ("healthz", "readyz")
        )
    except httpx.HTTPError:
        advice = f"it ends itself after a minute; if not: kill -9 {entry.pid}, and others take its work"
        return Finding("worker", "bad", f"{name} does not answer at {entry.address}", advice)
    state, why = ready.json()["state"], ready.json()["why"]
    where = f"{name} at http://{entry.address} is {state}" + (f": {why}" if why else "")
    if not alive.is_success:
        advice = f"it ends itself after a minute; its log says where it stood; else kill -9 {entry.pid}"
        return Finding("worker", "bad", where, advice)
    if ready.is_success:
        return Finding("worker", "ok", where)
    if state == "away":
        return Finding("worker", "bad", where, "start what is away; the worker then goes on by itself")
    return Finding("worker", "off", where, "wait: it says ready, or has gone, within a few minutes")


def _elsewhere(one: Heard, served: set[str]) -> Finding:
    name = f"process {one.pid} on {one.host}, {len(one.queues)} task queues"
    heard = f"heard of {one.seconds_ago:.0f} s ago"
    if not one.silent:
        return Finding("worker", "ok", f"{name}, {heard}")
    alone = one.queues - served
    if alone:
        advice = f"start it again on {one.host}: nobody else serves {', '.join(sorted(alone))}"
        return Finding("worker", "bad", f"{name} is dead, {heard}", advice)
    return Finding(
        "worker", "off", f"{name} is dead, {heard}", "nothing, if it was meant: others serve its queues"
    )


def _gone(here: Sequence[Registered], heard: Sequence[Heard]) -> set[str]:
    """Return the identities of processes that no more ask for tasks, whatever a queue remembers."""
    dead = {f"{each.pid}@{each.host}" for each in here if not each.lives}
    # Who started again on another office has said goodbye under the identity that it goes on with.
    alive = {f"{each.pid}@{each.host}" for each in here if each.lives}
    return dead | {each.identity for each in heard if each.silent or each.leaving} - alive


async def _queues(client: Client, found: Installation, gone: set[str]) -> list[Finding]:
    try:
        wanted = queues_of(found)
    except OfficeInvalid as invalid:
        return [
            Finding("task queues", "bad", f"which there are is not known: {invalid}"[:200], "kontor check")
        ]
    try:
        queues = await standings(client, wanted)
    except RPCError as error:
        return [Finding("task queues", "bad", error.message, "look at the Temporal server's log")]
    served = any(set(queue.pollers) - gone for queue in queues)
    return [_queue(queue, gone, served=served) for queue in queues]


def _queue(queue: QueueStanding, gone: set[str], *, served: bool) -> Finding:
    part = f"queue {queue.name} ({queue.kind})"
    role = ROLES.get(queue.name, "connectors")
    pollers = len(set(queue.pollers) - gone)
    polled = counted(pollers, "process polls", "processes poll")
    told = f"{polled}, {counted(queue.waiting, 'task waits', 'tasks wait')}"
    if queue.waiting:
        told += f", the oldest for {queue.oldest_seconds:.0f} s"
    if not pollers:
        start = f"start a worker with the role {role}: python -m worker --roles {role}"
        idle = not served and not queue.waiting
        return Finding(part, "off" if idle else "bad", told, "kontor up" if idle else start)
    if queue.waiting and queue.oldest_seconds > OLD_SECONDS:
        return Finding(part, "bad", told, _too_few(queue.name, role))
    return Finding(part, "ok", told)


def _too_few(queue: str, role: str) -> str:
    more = f"start more workers with the role {role}"
    if role == "connectors":
        connector = queue.removeprefix("kontor-connector-")
        return f"is its limit the reason (kontor connectors show {connector})? If not, {more}"
    return more

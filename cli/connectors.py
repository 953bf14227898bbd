"""`kontor connectors`: which outside systems the office knows, and whether they answer."""

import asyncio
import json
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.table import Table

import bootstrap
from cli.console import EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, OUT, emit_json, fail
from connectors.connectors import Connectors
from connectors.fields import FITS
from contracts.canonical import Arguments
from contracts.failure import CallFailed
from contracts.manifest import Field, Manifest, Operation
from contracts.problem import OfficeInvalid
from settings import settings

app = typer.Typer(
    help="List, show and try the outside systems declared in office/connectors.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command("list")
def list_connectors(as_json: Json = False) -> None:
    """List the office's connectors.

    Example: kontor connectors list
    """
    manifests = _connectors().manifests()
    if as_json:
        emit_json([_summary(manifest) for manifest in manifests])
        return
    table = Table("name", "transport", "where", "reads", "writes", "on a retry")
    for manifest in manifests:
        row = _summary(manifest)
        shown = ("name", "transport", "where", "reads", "writes", "on_a_retry")
        table.add_row(*(str(row[column]) for column in shown))
    OUT.print(table)


@app.command()
def show(name: str, as_json: Json = False) -> None:
    """Show one connector: how it is reached and what it can be asked.

    Example: kontor connectors show webshop
    """
    manifest = _manifest(_connectors(), name)
    if as_json:
        emit_json({**manifest.model_dump(mode="json"), "connector_version": manifest.connector_version})
        return
    OUT.print(f"[bold]{manifest.name}[/] {manifest.connector_version}", highlight=False)
    OUT.print(f"{manifest.transport} {manifest.base_url}", markup=False, highlight=False)
    if manifest.note:
        OUT.print(manifest.note, markup=False, highlight=False)
    OUT.print(_auth_words(manifest), markup=False, highlight=False)
    OUT.print(
        f"at most {manifest.rate_limit_per_second:g} calls a second, {manifest.concurrency} at once a worker"
    )
    for title, operation in manifest.operations.items():
        OUT.print(f"\n[bold]{title}[/] {_operation_words(operation)}", highlight=False, soft_wrap=True)
        taken, given = _fields(operation.arguments), _fields(operation.result)
        OUT.print(f"  {taken}" + (f" -> {given}" if given else ""), markup=False, highlight=False)


@app.command("try")
def try_operation(
    name: str,
    operation: str,
    arguments: Annotated[list[str] | None, typer.Argument(help="name=value, as many as it takes.")] = None,
    as_json: Json = False,
) -> None:
    """Call a read operation for real and print its result. A write is refused: effects need a permit.

    Example: kontor connectors try webshop get_order order=W-1001
    """
    found = _connectors()
    declared = _manifest(found, name).operations.get(operation)
    if declared is None:
        fail(f"{name} has no operation {operation}; see: kontor connectors show {name}", EXIT_USAGE)
    if declared.effect == "write":
        fail(f"{operation} is a write; an effect needs a permit, so it cannot be tried", EXIT_USAGE)
    given = _parse(declared, arguments or [])
    try:
        result = asyncio.run(_read(found, name, operation, given))
    except CallFailed as failed:
        if failed.code == "arguments" and not failed.sent:
            fail(failed.why, EXIT_USAGE)
        unreachable = failed.status is None and failed.exception is not None
        fail(failed.why, EXIT_UNREACHABLE if unreachable else EXIT_FOUND)
    if as_json:
        emit_json(result)
    else:
        OUT.print_json(data=result)


async def _read(found: Connectors, name: str, operation: str, given: Arguments) -> dict[str, JsonValue]:
    async with found:
        return await found.read(name, operation, given)


def _connectors() -> Connectors:
    try:
        return bootstrap.connectors(settings())
    except OfficeInvalid as invalid:
        fail(f"the office cannot be used:\n{invalid}", EXIT_FOUND)


def _manifest(found: Connectors, name: str) -> Manifest:
    try:
        return found.manifest(name)
    except KeyError:
        known = ", ".join(sorted(manifest.name for manifest in found.manifests()))
        fail(f"there is no connector {name}; the office has: {known or 'none'}", EXIT_USAGE)


def _parse(operation: Operation, given: list[str]) -> Arguments:
    """Return `name=value` words as arguments of their declared types; what is not text is JSON."""
    arguments: Arguments = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            fail(f"{word!r} is not name=value", EXIT_USAGE)
        arguments[name] = _typed(operation.arguments.get(name), value)
    return arguments


def _typed(field: Field | None, value: str) -> JsonValue:
    if field is None or field.type in ("string", "datetime"):
        return value
    try:
        parsed: JsonValue = json.loads(value)
    except ValueError:
        return value
    return parsed if FITS[field.type](parsed) else value


def _summary(manifest: Manifest) -> dict[str, JsonValue]:
    writes = [one for one in manifest.operations.values() if one.effect == "write"]
    kinds = sorted({one.idempotency.kind for one in writes if one.idempotency})
    return {
        "name": manifest.name,
        "version": manifest.connector_version,
        "transport": manifest.transport,
        "where": manifest.base_url,
        "reads": len(manifest.operations) - len(writes),
        "writes": len(writes),
        "on_a_retry": ", ".join(kinds),
        "rate_limit_per_second": manifest.rate_limit_per_second,
        "secret": manifest.auth.secret or None,
    }


def _auth_words(manifest: Manifest) -> str:
    auth = manifest.auth
    if auth.kind == "none":
        return "not authenticated"
    user = f" as {auth.user}" if auth.user else ""
    return f"authenticated by {auth.kind}{user}, secret {auth.secret}"


def _fields(fields: dict[str, Field]) -> str:
    return ", ".join(f"{name}: {field.type}{'' if field.required else '?'}" for name, field in fields.items())


def _operation_words(operation: Operation) -> str:
    """Return what a person must know before an operation is used."""
    words = [operation.effect, f"{operation.latency.timeout_seconds:g} s"]
    if operation.idempotency is not None:
        looked_up = f" by {operation.idempotency.lookup}" if operation.idempotency.lookup else ""
        words.append(f"on a retry {operation.idempotency.kind}{looked_up}")
    if operation.effect == "write":
        undoing = operation.compensation
        words.append(f"undone by {undoing}" if undoing else "cannot be undone")
    return " · ".join([*words, operation.note] if operation.note else words)

"""`kontor connectors`: which outside systems the office knows, and whether they answer."""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import JsonValue
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import on_folder
from cli.terminal import EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, OUT, emit_json, fail
from connectors.fields import FITS
from connectors.manifest import FOLDER, NAME
from contracts.base import Arguments
from contracts.connector import Field, Manifest, Operation
from contracts.desk import Desk
from contracts.failure import Absent, CallFailed
from contracts.office import OfficeInvalid
from contracts.told import NotTold, Told

app = typer.Typer(
    help="List, show and try the outside systems declared in office/connectors.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command("list")
def list_connectors(ctx: typer.Context, as_json: Json = False) -> None:
    """List the office's connectors.

    Example: kontor connectors list
    """
    kontor = _on_connectors(ctx)
    manifests = _manifests(kontor)
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
def show(ctx: typer.Context, name: str, as_json: Json = False) -> None:
    """Show one connector: how it is reached and what it can be asked.

    Example: kontor connectors show webshop
    """
    kontor = _on_connectors(ctx)
    manifest = _manifest(kontor, name)
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


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="What the connector is called: small letters, digits, - and _.")
    ],
    desk: Annotated[str, typer.Option(help="The desk that it is a channel of.")] = "returns",
) -> None:
    """Write a manifest to fill in: every operation that a desk asks of a channel, every field of its answers.

    It stands in the office's connectors/NAME.toml. A file that is there is left alone.

    Example: kontor connectors new myshop --desk returns
    """
    from service.channels import new_manifest  # noqa: PLC0415 (it imports every desk; a list needs none)
    from workflows.registry import DESKS  # noqa: PLC0415

    kontor = _on_connectors(ctx)
    chosen = DESKS.get(desk) or fail(f"no desk {desk!r}; there is: {', '.join(DESKS)}", EXIT_USAGE)
    _require_name(name)
    file = kontor.settings.office / FOLDER / f"{name}.toml"
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(new_manifest(name, chosen))
    except FileExistsError:
        fail(f"{file} is there already", EXIT_USAGE)
    OUT.print(f"{file} is written: fill in what says CHANGE, then `kontor check`", highlight=False)


@app.command("try")
def try_operation(
    ctx: typer.Context,
    name: str,
    operation: str,
    arguments: Annotated[list[str] | None, typer.Argument(help="name=value, as many as it takes.")] = None,
    as_json: Json = False,
) -> None:
    """Call a read operation for real and print its result. A write is refused: effects need a permit.

    What a desk reads of it is compared with the desk's contract, field by field.

    Example: kontor connectors try webshop get_order order=W-1001
    """
    kontor = _on_connectors(ctx)
    declared = _manifest(kontor, name).operations.get(operation)
    if declared is None:
        fail(f"{name} has no operation {operation}; see: kontor connectors show {name}", EXIT_USAGE)
    if declared.effect == "write":
        fail(f"{operation} is a write; an effect needs a permit, so it cannot be tried", EXIT_USAGE)
    given = _parse(declared, arguments or [])
    try:
        result = asyncio.run(_read(kontor, name, operation, given))
    except Absent as none:
        fail(f"there is no such thing, the system says: {none.why}", EXIT_FOUND)
    except CallFailed as failed:
        if failed.code == "arguments" and not failed.sent:
            fail(failed.why, EXIT_USAGE)
        unreachable = failed.status is None and failed.exception is not None
        fail(failed.why, EXIT_UNREACHABLE if unreachable else EXIT_FOUND)
    if as_json:
        emit_json(result)
    else:
        OUT.print_json(data=result)
    for believed in _believed(_manifest(kontor, name), operation):
        _compare(believed, result, as_json=as_json)


class Believed(NamedTuple):
    """What a desk reads of an operation: which field, as what, by which rules, and where to mend it."""

    desk: Desk[Any]
    field: str
    contract: type[Told]
    manifest: Manifest


def _believed(manifest: Manifest, operation: str) -> Iterator[Believed]:
    from workflows.registry import DESKS  # noqa: PLC0415 (it imports every desk; a list needs none)

    for desk in DESKS.values():
        read = desk.reads.get(operation)
        if read and read.field in manifest.operations[operation].result and desk.sources(manifest):
            yield Believed(desk, read.field, read.contract, manifest)


def _compare(believed: Believed, result: dict[str, JsonValue], *, as_json: bool) -> None:
    """Say what the desk makes of a result: what does not fit, what contradicts itself, what is not told."""
    desk, field, contract, manifest = believed
    try:
        told = contract.of(result.get(field), manifest.times)
    except NotTold as misfit:
        where = f"connectors/{manifest.name}.toml"
        fail(f"no {field} for the desk {desk.name} ({where}): {misfit}", EXIT_FOUND)
    if as_json:
        return
    if silent := sorted(name for name in contract.told_fields() if name not in told.model_fields_set):
        OUT.print(f"not told, so taken as nothing: {', '.join(silent)}", highlight=False, soft_wrap=True)
    for doubt in desk.doubts(told):
        OUT.print(f"a person would be asked: {doubt}", markup=False, highlight=False, soft_wrap=True)
    OUT.print(f"it is {field} enough for the desk {desk.name}", highlight=False)


async def _read(kontor: Installation, name: str, operation: str, given: Arguments) -> dict[str, JsonValue]:
    try:
        return await kontor.connectors.read(name, operation, given)
    finally:
        await kontor.disconnect()


def _on_connectors(ctx: typer.Context) -> Installation:
    """Return the installation on the office folder, or leave the command where that has no connectors."""
    kontor = on_folder(ctx)
    folder = kontor.office / FOLDER
    if not folder.is_dir():
        fail(f"{kontor.office} has no folder {FOLDER}: an office's outside systems stand in it", EXIT_USAGE)
    return kontor


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        fail(f"{name!r} is no name: write small letters, digits, - and _, a letter first", EXIT_USAGE)


def _manifests(kontor: Installation) -> list[Manifest]:
    try:
        found = kontor.manifests
    except OfficeInvalid as invalid:
        fail(f"the office cannot be used:\n{invalid}", EXIT_FOUND)
    return [found[name] for name in sorted(found)]


def _manifest(kontor: Installation, name: str) -> Manifest:
    _require_name(name)
    found = {manifest.name: manifest for manifest in _manifests(kontor)}
    if name not in found:
        known = ", ".join(found)
        fail(f"there is no connector {name}; the office has: {known or 'none'}", EXIT_USAGE)
    return found[name]


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
        at = f" at {operation.idempotency.address}" if operation.idempotency.address else ""
        words.append(f"on a retry {operation.idempotency.kind}{at}{looked_up}")
    if operation.effect == "write":
        undoing = operation.compensation
        words.append(f"undone by {undoing}" if undoing else "cannot be undone")
    return " · ".join([*words, operation.note] if operation.note else words)

"""`kontor memory`: what the office knows, and how it is put in, found, corrected and forgotten."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.progress import Progress
from rich.table import Table

from activities.ports import MemoryKeeper
from bootstrap.installation import Installation
from cli.connection import installation
from cli.terminal import ERR, EXIT_UNREACHABLE, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail
from contracts.memory import Document, Imported, Memory, Rebuild, Recalled, Search
from memory.semantic.markdown import NotReadable, files, read
from memory.semantic.rows import UnknownMemory
from memory.semantic.stores.base import EmbedderMismatch
from service.memory_access import WorkerAway, keeper
from service.rebuild import RebuildFailed
from service.rebuild import rebuild as build

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What the office knows: policies, posts, notes, past cases.\n\n"
        "Example: kontor memory add 'Boots may be returned within 30 days.' --kind policy "
        "--source policy:returns, then kontor memory search 'may I send my shoes back?'"
    ),
)

BATCH_PASSAGES = 64
"""Passages of one request to the worker: about 60 kB, far below Temporal's limit of 2 MB."""
WIDTH = 100
Result = TypeVar("Result")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def run(kontor: Installation, do: Callable[[MemoryKeeper], Awaitable[Result]]) -> Result:
    """Open memory or reach its owner, do it, and put a failure into words."""

    async def inside() -> Result:
        async with keeper(kontor) as memory:
            return await do(memory)

    try:
        return asyncio.run(inside())
    except WorkerAway as away:
        fail(str(away), EXIT_UNREACHABLE)
    except UnknownMemory as unknown:
        fail(f"there is no memory {unknown.args[0]} to correct")
    except (EmbedderMismatch, RuntimeError) as wrong:
        fail(str(wrong))


@app.command()
def add(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="The fact or passage.")],
    kind: Annotated[str, typer.Option(help="policy, post, note, case.")] = "note",
    source: Annotated[str, typer.Option(help="Where it is from; with the text it makes the id.")] = "desk",
    case: Annotated[str, typer.Option(help="The case it belongs to.")] = "",
    customer: Annotated[str, typer.Option(help="Whose it is: an opaque reference, no name.")] = "",
    valid_until: Annotated[datetime | None, typer.Option(help="When it ceases to hold, UTC.")] = None,
    supersedes: Annotated[str, typer.Option(help="The id of the memory it corrects.")] = "",
    as_json: Json = False,
) -> None:
    """Write one memory. Secrets and personal data are taken out; the same again changes nothing.

    Example: kontor memory add 'Boots: 14 days, not 30.' --kind policy --source policy:returns
    --supersedes 304e4703-2388-e6ab-da23-1f5e5a05d022
    """
    kontor = installation(ctx)
    memory = Memory(
        text=text,
        kind=kind,
        source=source,
        case_id=case or None,
        customer=customer or None,
        valid_until=valid_until.replace(tzinfo=UTC) if valid_until else None,
        supersedes=supersedes or None,
    )
    (id_,) = run(kontor, lambda keeping: keeping.remember([memory]))
    if as_json:
        emit_json({"id": id_})
    else:
        OUT.print(id_)


@app.command()
def search(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="In your own words.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    case: Annotated[str, typer.Option(help="Only this case's.")] = "",
    customer: Annotated[str, typer.Option(help="Only this customer's.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only what happened from then on, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only what happened before then, UTC.")] = None,
    mode: Annotated[str, typer.Option(help="fused, dense (meaning) or lexical (words).")] = "fused",
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    as_json: Json = False,
) -> None:
    """Find what is known, best first.

    Example: kontor memory search 'may I send my shoes back?' --kind policy
    """
    kontor = installation(ctx)
    if mode not in ("fused", "dense", "lexical"):
        fail(f"no mode {mode!r}; there is: fused, dense, lexical", EXIT_USAGE)
    asked = Search(
        question=question,
        limit=limit,
        kinds=tuple(kind or ()),
        case_id=case,
        customer=customer,
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
        mode=mode,
    )
    found = run(kontor, lambda keeping: keeping.search(asked))
    if as_json:
        emit_json([each.model_dump(mode="json") for each in found])
        return
    table = Table("score", "kind", "source", "text", "id")
    for each in found:
        text = each.text if len(each.text) <= WIDTH else each.text[: WIDTH - 1] + "…"
        table.add_row(f"{each.score or 0:.3f}", each.kind, each.source, text, each.id)
    OUT.print(table if found else "nothing found")


@app.command()
def show(
    ctx: typer.Context,
    memory: Annotated[str, typer.Argument(help="Its id.")],
    as_json: Json = False,
) -> None:
    """Show a memory with what it corrected and what corrected it, oldest first.

    Example: kontor memory show 304e4703-2388-e6ab-da23-1f5e5a05d022
    """
    kontor = installation(ctx)
    history = run(kontor, lambda keeping: keeping.history(memory))
    if not history:
        fail(f"there is no memory {memory}")
    if as_json:
        emit_json([each.model_dump(mode="json") for each in history])
        return
    for each in history:
        OUT.print(f"[bold]{each.id}[/] {_standing(each)}")
        OUT.print(f"  {each.kind} · {each.source} · {each.at:%Y-%m-%d %H:%M} UTC", highlight=False)
        if each.case_id or each.customer:
            OUT.print(f"  case {each.case_id or '-'} · customer {each.customer or '-'}", highlight=False)
        OUT.print(f"  {each.text}", markup=False, highlight=False)


def _standing(memory: Recalled) -> str:
    if memory.superseded_by:
        return f"superseded by {memory.superseded_by}"
    if memory.retired_at:
        return f"retired {memory.retired_at:%Y-%m-%d}"
    return f"valid until {memory.valid_until:%Y-%m-%d %H:%M} UTC" if memory.valid_until else "live"


@app.command()
def stats(ctx: typer.Context, as_json: Json = False) -> None:
    """Count memories and vectors, and say what is not settled yet.

    Example: kontor memory stats --json
    """
    kontor = installation(ctx)
    found = run(kontor, lambda keeping: keeping.stats())
    if as_json:
        emit_json(found.model_dump(mode="json"))
        return
    kinds = Table("kind", "live", "retired")
    for kind, (live, retired) in sorted(found.kinds.items()):
        kinds.add_row(kind, str(live), str(retired))
    collections = Table("collection", "embedder", "state", "vectors", "to be written")
    for each in found.collections:
        state = "read" if each.current else each.state
        collections.add_row(each.name, each.embedder, state, str(each.vectors), str(each.marked))
    OUT.print(kinds, collections)


@app.command("import")
def import_(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Markdown, with front matter or without.")
    ],
    kind: Annotated[str, typer.Option(help="post, policy, note.")] = "post",
    as_json: Json = False,
) -> None:
    """Take in a folder of Markdown, passage by passage. Cut short, it goes on; again, it changes nothing.

    A passage that changed supersedes the one before it; one that is gone is retired.

    Example: kontor memory import ./blog --kind post
    """
    kontor = installation(ctx)
    documents, unreadable = _documents(folder, kind)
    with Progress(console=ERR, transient=True) as progress:
        bar = progress.add_task("importing", total=len(documents))
        done = run(
            kontor, lambda keeping: _take_in(keeping, documents, lambda count: progress.advance(bar, count))
        )
    if as_json:
        emit_json({**done.model_dump(), "documents": len(documents), "unreadable": unreadable})
    else:
        OUT.print(
            f"{len(documents)} documents, {done.passages} passages: {done.fresh} new, {done.retired} retired"
        )
    if unreadable:
        fail("not imported: " + "; ".join(unreadable))


def _documents(folder: Path, kind: str) -> tuple[list[Document], list[str]]:
    documents, unreadable = [], []
    for file in files(folder):
        try:
            documents.append(read(file, folder, kind))
        except NotReadable as wrong:
            unreadable.append(str(wrong))
    return documents, unreadable


async def _take_in(
    keeping: MemoryKeeper, documents: list[Document], advance: Callable[[int], None]
) -> Imported:
    passages = fresh = retired = 0
    for batch in _batches(documents):
        done = await keeping.take_in(batch)
        passages, fresh, retired = passages + done.passages, fresh + done.fresh, retired + done.retired
        advance(len(batch))
    return Imported(passages=passages, fresh=fresh, retired=retired)


def _batches(documents: list[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if sum(len(each.passages) for each in batch) >= BATCH_PASSAGES:
            yield batch
            batch = []
    if batch:
        yield batch


@app.command()
def forget(
    ctx: typer.Context,
    customer: Annotated[
        str,
        typer.Argument(
            help="The reference the memories were written with, or the mail address that requests named."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete all memories of a customer from SQL, from every collection of vectors and from caches.

    The audit log is not touched: it holds no personal data.

    Example: kontor memory forget customer-4711 --yes
    """
    kontor = installation(ctx)
    if not yes:
        typer.confirm(f"Delete all memories of {customer}? This cannot be undone", abort=True)
    gone = run(kontor, lambda keeping: keeping.forget(customer))
    if as_json:
        emit_json(gone.model_dump())
    else:
        OUT.print(
            f"forgotten: {gone.memories} memories, {gone.vectors} vectors, {gone.cached} cached answers"
        )


@app.command()
def mend(ctx: typer.Context, as_json: Json = False) -> None:
    """Compare SQL with the vectors and put right what differs; SQL is always the truth.

    It is done by itself when the worker starts; this is for looking.

    Example: kontor memory mend --json
    """
    kontor = installation(ctx)
    found = run(kontor, lambda keeping: keeping.mend())
    if as_json:
        emit_json([each.model_dump() for each in found])
        return
    for each in found:
        OUT.print(f"{each.collection}: {each.missing} vectors were missing, {each.surplus} too many; mended")


@app.command()
def rebuild(
    ctx: typer.Context,
    embedder: Annotated[str, typer.Option(help="As in KONTOR_EMBEDDER: minilm, a folder, a name.")] = "",
    back: Annotated[bool, typer.Option("--back", help="Switch back to the collection before.")] = False,
    sample: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="Memories to compare recall on.")] = 200,
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Switch if recall@5 is at least this share of today's.")
    ] = 0.9,
    as_json: Json = False,
) -> None:
    """Build a second collection from SQL while recall goes on, compare, and switch.

    With a worker running it is a workflow of its own (memory/rebuild in the Web UI) and survives
    anything; without one it is done here, and goes on where it stood if you call it again.

    Example: kontor memory rebuild --embedder BAAI/bge-small-en-v1.5, and if you regret it:
    kontor memory rebuild --back
    """
    kontor = installation(ctx)
    if not back and not embedder:
        fail("name the --embedder, or go --back", EXIT_USAGE)
    asked = Rebuild(embedder=embedder, back=back, sample=sample, least=least)
    try:
        done = asyncio.run(build(kontor, asked, ERR.print))
    except WorkerAway as away:
        fail(str(away), EXIT_UNREACHABLE)
    except RebuildFailed as failed:
        fail(str(failed))
    if as_json:
        emit_json(done.model_dump(mode="json"))
    elif done.comparison:
        found = done.comparison
        OUT.print(
            f"recall@5 {found.at5:.3f} (was {found.old_at5:.3f}), "
            f"MRR {found.mrr:.3f} (was {found.old_mrr:.3f}), "
            f"{found.overlap:.0%} of the first five the same, on {found.asked} memories"
        )
    if not done.switched:
        fail(
            f"not switched: {done.collection} recalls less than asked for"
            if done.collection
            else "there is no collection to go back to"
        )
    if not as_json:
        OUT.print(f"recall now reads {done.collection}; before it read {done.previous}")

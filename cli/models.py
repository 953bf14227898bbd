"""`kontor models`: who answers which question, why, how surely, and how they learn."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bootstrap.installation import Installation
from cli.connection import on_folder
from cli.durations import LONGEST
from cli.terminal import EXIT_FOUND, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail
from cli.views.models import (
    show_decision,
    show_head_card,
    show_learned,
    show_matcher_card,
    tasks_table,
)
from contracts.decision import Decision, Question
from contracts.evidence import Evidence
from contracts.office import OfficeInvalid
from models.local.candidate import HeadCandidate
from models.local.classifier import Head
from models.local.corrections import read_review, write_review
from models.local.examples import TooFewExamples, append_examples, load_examples
from models.local.heads import HeadStore, head_key
from models.local.picks import MatcherCard, load_match_examples, matcher_card
from models.routing.candidate import DryRunCandidate
from models.routing.catalogue import Catalogue, TaskSpec
from models.routing.router import ModelRouter

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Who answers which question, why, and how surely.\n\n"
        "Example: kontor models explain returns.intent 'the shoes are too small, can I get a 43?'"
    ),
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
TaskName = Annotated[str, typer.Argument(help="A task of office/models.toml, for instance returns.intent.")]


@app.command(name="list")
def list_(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """List tasks with their candidates, limits and targets."""
    kontor = on_folder(ctx)
    catalogue = _catalogue(kontor)
    if as_json:
        emit_json(catalogue.model_dump(mode="json"))
    else:
        OUT.print(tasks_table(catalogue))


@app.command()
def explain(
    ctx: typer.Context,
    task: TaskName,
    text: Annotated[str, typer.Argument(help="What a customer wrote.")],
    choice: Annotated[
        list[str] | None,
        typer.Option(help="For tasks that pick: one thing to choose from; give it once for each."),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(help="A fact that the answer may stand on, 'T-Shirt red M'; give it once for each."),
    ] = None,
    spend: Annotated[
        bool, typer.Option("--spend", help="Also ask candidates that cost money, where they would be.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Decide on a text and show why each candidate was taken or passed over.

    Nothing is kept. For instance:

        kontor models explain returns.intent "where is my parcel?"
        kontor models explain returns.items "the shoes pinch" --choice "Shoes blue 42" --choice "Hat red"
    """
    kontor = on_folder(ctx)
    spec = _task(kontor, task)
    if spec.contract == "picked" and not choice:
        fail(f"{task} picks among choices: give each with --choice", EXIT_USAGE)
    facts = tuple(Evidence(source="tried", text=each) for each in evidence or ())
    question = Question(task=task, text=text, choices=tuple(choice or ()), evidence=facts)
    decision = asyncio.run(_decide(kontor, question, spend=spend))
    if as_json:
        emit_json(decision.model_dump(mode="json"))
    else:
        show_decision(decision, question)


@app.command()
def train(
    ctx: typer.Context,
    task: TaskName,
    ship: Annotated[
        bool,
        typer.Option("--ship", help="Write the head into office/heads, for everybody who uses the office."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Train a task's head on the office's examples, hold some out, calibrate, and show its card.

    A head is trained by itself where it is missing; this does it again. Example:

        kontor models train returns.intent
    """
    kontor = on_folder(ctx)
    head = _trained(kontor, task, _label_task(kontor, task), ship=ship)
    _show_head(head, as_json=as_json)


@app.command()
def card(ctx: typer.Context, task: TaskName, as_json: JsonFlag = False) -> None:
    """Show what answers a task locally and how well it did on held-out examples.

    Example: kontor models card returns.intent
    """
    kontor = on_folder(ctx)
    spec = _task(kontor, task)
    if spec.contract == "picked":
        found = asyncio.run(_matcher_card(kontor, task, spec))
        if as_json:
            emit_json(found.model_dump(mode="json"))
        else:
            show_matcher_card(found)
        return
    _show_head(_head(kontor, task, spec), as_json=as_json)


@app.command()
def learn(
    ctx: typer.Context,
    task: TaskName,
    collect: Annotated[
        Path | None, typer.Option(help="Write the doubtful decisions to this file, for a person to label.")
    ] = None,
    take_in: Annotated[
        Path | None, typer.Option(help="Take the labels of a reviewed file in as examples, and train.")
    ] = None,
    days: Annotated[int, typer.Option(help="How far back to collect.", min=1, max=LONGEST.days)] = 30,
    limit: Annotated[int, typer.Option(help="The most to collect.", min=1, max=MOST_LISTED)] = 200,
    as_json: JsonFlag = False,
) -> None:
    """Turn people's corrections into examples, in two steps with a review between them.

    Collected are decisions nobody stood by, and those whose case a person rejected, narrowed or
    undid, with personal data taken out. In the file, fill in `label` (or "-" to leave one out). For
    instance:

        kontor models learn returns.intent --collect review.jsonl
        kontor models learn returns.intent --take-in review.jsonl
    """
    kontor = on_folder(ctx)
    spec = _label_task(kontor, task)
    if (collect is None) == (take_in is None):
        fail("say either --collect FILE or --take-in FILE", EXIT_USAGE)
    if collect is not None:
        count = _collect(
            kontor, task, spec, collect, since=datetime.now(UTC) - timedelta(days=days), limit=limit
        )
        if as_json:
            emit_json({"task": task, "file": str(collect), "collected": count})
        else:
            OUT.print(f"{count} to review in {collect}; then: kontor models learn {task} --take-in {collect}")
        return
    assert take_in is not None
    _take_in(kontor, task, spec, take_in, as_json=as_json)


def _collect(
    kontor: Installation, task: str, spec: TaskSpec, file: Path, *, since: datetime, limit: int
) -> int:
    found = kontor.review_queue.doubts(task, since, limit)
    known = load_examples(kontor.office / spec.examples, frozenset(spec.labels))
    return write_review(found, file, known, kontor.redactor)


def _take_in(kontor: Installation, task: str, spec: TaskSpec, file: Path, *, as_json: bool) -> None:
    before = _head(kontor, task, spec)
    try:
        examples, waiting = read_review(file, frozenset(spec.labels))
    except FileNotFoundError:
        fail(f"there is no {file}", EXIT_USAGE)
    except OfficeInvalid as invalid:
        fail(str(invalid))
    added = append_examples(kontor.office / spec.examples, examples)
    after = _trained(kontor, task, spec) if added else before
    learned = {
        "task": task,
        "added": added,
        "waiting": waiting,
        "before": before.card.model_dump(mode="json"),
        "after": after.card.model_dump(mode="json"),
    }
    if as_json:
        emit_json(learned)
    else:
        show_learned(added, waiting, before.card, after.card)


async def _decide(kontor: Installation, question: Question, *, spend: bool) -> Decision:
    catalogue = _catalogue(kontor)
    tried = {
        name: candidate if spend or catalogue.models[name].free else DryRunCandidate(candidate)
        for name, candidate in kontor.candidates.items()
    }
    try:
        # Somebody sits in front of it: nothing is waited for.
        router = ModelRouter(catalogue, tried, languages=kontor.languages)
        return await router.decide(question, waited_seconds=math.inf)
    finally:
        await kontor.disconnect()


def _head(kontor: Installation, task: str, spec: TaskSpec) -> Head:
    try:
        return asyncio.run(kontor.head_candidate.head(task, spec))
    except (TooFewExamples, OfficeInvalid) as reason:
        fail(str(reason))


def _trained(kontor: Installation, task: str, spec: TaskSpec, *, ship: bool = False) -> Head:
    found = kontor.settings
    store = HeadStore(kontor.office / "heads" if ship else found.state / "heads")
    candidate = HeadCandidate(kontor.office, store, kontor.embedder)
    try:
        head = asyncio.run(candidate.head(task, spec, again=True))
        if ship:
            examples = load_examples(kontor.office / spec.examples, frozenset(spec.labels))
            store.keep_only(task, head_key(task=spec, examples=examples, embedder=head.card.embedder))
    except (TooFewExamples, OfficeInvalid) as reason:
        fail(str(reason))
    return head


async def _matcher_card(kontor: Installation, task: str, spec: TaskSpec) -> MatcherCard:
    examples = load_match_examples(kontor.office / spec.examples)
    models = _catalogue(kontor).models
    known = kontor.candidates
    matcher = next((name for name in spec.candidates if models[name].kind == "matcher" and name in known), "")
    if not matcher:
        fail(f"no desk has a matcher for {task}", EXIT_USAGE)
    return await matcher_card(task, spec, examples, known[matcher])


def _show_head(head: Head, *, as_json: bool) -> None:
    if as_json:
        emit_json(head.card.model_dump(mode="json"))
    else:
        show_head_card(head.card)


def _catalogue(kontor: Installation) -> Catalogue:
    try:
        return kontor.catalogue
    except OfficeInvalid as invalid:
        fail(str(invalid), EXIT_FOUND)


def _task(kontor: Installation, name: str) -> TaskSpec:
    tasks = _catalogue(kontor).tasks
    if name not in tasks:
        fail(f"the office has no task {name!r}; it has {', '.join(sorted(tasks))}", EXIT_USAGE)
    return tasks[name]


def _label_task(kontor: Installation, name: str) -> TaskSpec:
    spec = _task(kontor, name)
    if spec.contract != "label" or not spec.examples:
        fail(f"{name} is answered by rules and models that are not trained here", EXIT_USAGE)
    return spec

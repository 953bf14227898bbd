"""`kontor models`: who answers which question, why, how surely, and how they learn."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

import bootstrap
from cli.console import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from cli.models_view import (
    show_decision,
    show_head_card,
    show_learned,
    show_matcher_card,
    tasks_table,
)
from contracts.decision import Decision, Question
from contracts.evidence import Evidence
from contracts.problem import OfficeInvalid
from models.catalogue import Catalogue, TaskSpec
from models.classifier import Head
from models.corrections import read_review, write_review
from models.examples import append_examples, load_examples
from models.heads import HeadStore, head_key
from models.local import HeadCandidate
from models.matcher_card import MatcherCard, load_match_examples, matcher_card
from models.matching import MatcherCandidate
from models.router import ModelRouter
from models.thrift import NotAsked
from models.training import TooFewExamples
from settings import settings

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
def list_(as_json: JsonFlag = False) -> None:
    """List tasks with their candidates, limits and targets."""
    catalogue = _catalogue()
    if as_json:
        emit_json(catalogue.model_dump(mode="json"))
    else:
        OUT.print(tasks_table(catalogue))


@app.command()
def explain(
    task: TaskName,
    text: Annotated[str, typer.Argument(help="What a customer wrote.")],
    choice: Annotated[
        list[str] | None,
        typer.Option(help="For tasks that pick: one thing to choose from; give it once for each."),
    ] = None,
    bought: Annotated[
        str, typer.Option(help="For returns.variant: the line as it was bought, 'T-Shirt red M'.")
    ] = "",
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
    spec = _task(task)
    if spec.contract == "picked" and not choice:
        fail(f"{task} picks among choices: give each with --choice", EXIT_USAGE)
    evidence = (Evidence(source="order:tried", text=bought),) if bought else ()
    question = Question(task=task, text=text, choices=tuple(choice or ()), evidence=evidence)
    decision = asyncio.run(_decide(question, spend=spend))
    if as_json:
        emit_json(decision.model_dump(mode="json"))
    else:
        show_decision(decision, question)


@app.command()
def train(
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
    head = _trained(task, _label_task(task), ship=ship)
    _show_head(head, as_json=as_json)


@app.command()
def card(task: TaskName, as_json: JsonFlag = False) -> None:
    """Show what answers a task locally and how well it did on held-out examples.

    Example: kontor models card returns.intent
    """
    spec = _task(task)
    if spec.contract == "picked":
        found = asyncio.run(_matcher_card(task, spec))
        if as_json:
            emit_json(found.model_dump(mode="json"))
        else:
            show_matcher_card(found)
        return
    _show_head(_head(task, spec), as_json=as_json)


@app.command()
def learn(
    task: TaskName,
    collect: Annotated[
        Path | None, typer.Option(help="Write the doubtful decisions to this file, for a person to label.")
    ] = None,
    take_in: Annotated[
        Path | None, typer.Option(help="Take the labels of a reviewed file in as examples, and train.")
    ] = None,
    days: Annotated[int, typer.Option(help="How far back to collect.", min=1)] = 30,
    limit: Annotated[int, typer.Option(help="The most to collect.", min=1)] = 200,
    as_json: JsonFlag = False,
) -> None:
    """Turn people's corrections into examples, in two steps with a review between them.

    Collected are decisions nobody stood by, and those whose case a person rejected, narrowed or
    undid, with personal data taken out. In the file, fill in `label` (or "-" to leave one out). For
    instance:

        kontor models learn returns.intent --collect review.jsonl
        kontor models learn returns.intent --take-in review.jsonl
    """
    spec = _label_task(task)
    if (collect is None) == (take_in is None):
        fail("say either --collect FILE or --take-in FILE", EXIT_USAGE)
    if collect is not None:
        count = _collect(task, spec, collect, since=datetime.now(UTC) - timedelta(days=days), limit=limit)
        if as_json:
            emit_json({"task": task, "file": str(collect), "collected": count})
        else:
            OUT.print(f"{count} to review in {collect}; then: kontor models learn {task} --take-in {collect}")
        return
    assert take_in is not None
    _take_in(task, spec, take_in, as_json=as_json)


def _collect(task: str, spec: TaskSpec, file: Path, *, since: datetime, limit: int) -> int:
    found = bootstrap.doubts(settings()).doubts(task, since, limit)
    known = load_examples(settings().office / spec.examples, frozenset(spec.labels))
    return write_review(found, file, known, bootstrap.redactor())


def _take_in(task: str, spec: TaskSpec, file: Path, *, as_json: bool) -> None:
    before = _head(task, spec)
    try:
        examples, waiting = read_review(file, frozenset(spec.labels))
    except FileNotFoundError:
        fail(f"there is no {file}", EXIT_USAGE)
    except OfficeInvalid as invalid:
        fail(str(invalid))
    added = append_examples(settings().office / spec.examples, examples)
    after = _trained(task, spec) if added else before
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


async def _decide(question: Question, *, spend: bool) -> Decision:
    catalogue = _catalogue()
    candidates = bootstrap.model_candidates(settings())
    tried = {
        name: candidate if spend or catalogue.models[name].free else NotAsked(candidate)
        for name, candidate in candidates.items()
    }
    # Somebody sits in front of it: nothing is waited for.
    return await ModelRouter(catalogue, tried).decide(question, waited_seconds=math.inf)


def _head(task: str, spec: TaskSpec) -> Head:
    try:
        return asyncio.run(bootstrap.head_candidate(settings()).head(task, spec))
    except (TooFewExamples, OfficeInvalid) as reason:
        fail(str(reason))


def _trained(task: str, spec: TaskSpec, *, ship: bool = False) -> Head:
    found = settings()
    store = HeadStore(found.office / "heads" if ship else found.state / "heads")
    candidate = HeadCandidate(found.office, store, bootstrap.embedder(found))
    try:
        head = asyncio.run(candidate.head(task, spec, again=True))
        if ship:
            examples = load_examples(found.office / spec.examples, frozenset(spec.labels))
            store.keep_only(task, head_key(task=spec, examples=examples, embedder=head.card.embedder))
    except (TooFewExamples, OfficeInvalid) as reason:
        fail(str(reason))
    return head


async def _matcher_card(task: str, spec: TaskSpec) -> MatcherCard:
    examples = load_match_examples(settings().office / spec.examples)
    return await matcher_card(task, examples, MatcherCandidate(bootstrap.embedder(settings())))


def _show_head(head: Head, *, as_json: bool) -> None:
    if as_json:
        emit_json(head.card.model_dump(mode="json"))
    else:
        show_head_card(head.card)


def _catalogue() -> Catalogue:
    try:
        return bootstrap.model_catalogue(settings())
    except OfficeInvalid as invalid:
        fail(str(invalid), EXIT_FOUND)


def _task(name: str) -> TaskSpec:
    tasks = _catalogue().tasks
    if name not in tasks:
        fail(f"the office has no task {name!r}; it has {', '.join(sorted(tasks))}", EXIT_USAGE)
    return tasks[name]


def _label_task(name: str) -> TaskSpec:
    spec = _task(name)
    if spec.contract != "label" or not spec.examples:
        fail(f"{name} is answered by rules and models that are not trained here", EXIT_USAGE)
    return spec

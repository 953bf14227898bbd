"""`kontor proof`: what to send as the signal `decide` from the Temporal Web UI or the `temporal` command."""

from shlex import quote
from typing import Annotated

import typer
from pydantic import BaseModel

from bootstrap.installation import Installation
from cli.amounts import amount_typed
from cli.answers import Note, Person, Picks, picked, request_named
from cli.connection import installation, named_case
from cli.proving import proof_or_leave
from cli.terminal import EXIT_USAGE, OUT, fail
from contracts.approvals.messages import Withdrawal
from contracts.approvals.request import ANSWER_CHOICES, Answer
from contracts.approvals.rules import flaw, unasked
from service.identity import NotBound, prove_answer
from settings import Settings


def proof(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    choice: Annotated[str, typer.Argument(help="approve, reject, edit, clarify or delegate; or withdraw.")],
    person: Person = "",
    note: Note = "",
    amount: Annotated[str, typer.Option(help="For edit: the lower amount, as 30 or 29.90.")] = "",
    to: Annotated[str, typer.Option(help="For delegate: who may answer in your place.")] = "",
    pick: Picks | None = None,
    payload: Annotated[bool, typer.Option("--payload", help="Print the JSON alone, for the Web UI.")] = False,
) -> None:
    """Prove who you are for one answer, and print it as a signal: good once, for an hour, for just this.

    Paste the JSON into the Web UI (Workflow, Send a Signal, `decide`), or run the command that is printed.
    With `withdraw` it takes the case's question back, or its wait, for the reason in --note; the signal is
    `withdraw` then.

    Example: kontor proof RMA-1008 approve --as ben --note 'looks fine'
    """
    kontor = installation(ctx)
    if choice == "withdraw":
        case_id = named_case(kontor, name)
        taken_back = Withdrawal(why=note or f"taken back by {person}", by=person)
        proof_id = proof_or_leave(kontor, person, taken_back.said(case_id))
        _show(kontor, "withdraw", case_id, taken_back.model_copy(update={"proof": proof_id}), payload=payload)
        return
    if choice not in ANSWER_CHOICES:
        fail(f"{choice!r} is no answer: {', '.join(ANSWER_CHOICES)} or withdraw", EXIT_USAGE)
    record = kontor.approvals.find(request_named(kontor, name))
    assert record is not None, "the queue named it"
    cents = amount_typed(amount, "--amount", record.request.currency) if amount else None
    said = Answer(
        person=person,
        choice=choice,
        note=note,
        amount_cents=cents,
        delegate_to=to or None,
        picked=picked(pick or ()),
    )
    if problem := flaw(said) or unasked(record.request, said):
        fail(problem, EXIT_USAGE)
    try:
        proved = prove_answer(kontor, record.request, said)
    except NotBound as unknown:
        fail(str(unknown), EXIT_USAGE)
    _show(kontor, "decide", record.request.case_id, proved, payload=payload)


def _show(kontor: Installation, name: str, case_id: str, word: BaseModel, *, payload: bool) -> None:
    """Print a proved word as the signal that carries it, or its JSON alone."""
    words = word.model_dump_json(exclude_defaults=True)
    if payload:
        OUT.out(words, highlight=False)
        return
    signal = f"temporal workflow signal --workflow-id {case_id} --name {name}"
    address = kontor.settings.temporal_address
    elsewhere = (
        f" --address {address}" if address != Settings.model_fields["temporal_address"].default else ""
    )
    OUT.out(f"{signal}{elsewhere} --input {quote(words)}", highlight=False)

"""The only list of desks: a new desk is one more line here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, JsonValue

from contracts.admission import OnRecord, PartOf
from contracts.authorization import Plan
from contracts.desk import CaseCount, CustomerText, Desk, KeptFields, Namespace
from contracts.office import Problem
from contracts.undo import NAMESPACE as UNDO
from contracts.undo import UndoFacts
from workflows.content.desk import DESK as CONTENT
from workflows.inbox.desk import DESK as INBOX
from workflows.reconciliation.desk import NAMESPACE as BOOKS
from workflows.returns.desk import DESK as RETURNS

if TYPE_CHECKING:
    from models.gemini.prompts import Forms

DESKS: dict[str, Desk[Any]] = {desk.name: desk for desk in (RETURNS, INBOX, CONTENT)}
"""Every desk by its name; everything below is derived from it when it is asked for."""

KERNEL_NAMESPACES = (BOOKS, Namespace(name=UNDO, facts=UndoFacts))


def workflow_types() -> tuple[type[Any], ...]:
    """Return every workflow that a worker serves."""
    from workflows.assistant.workflow import ConversationWorkflow
    from workflows.kernel.announcing import AnnouncingWorkflow
    from workflows.kernel.event_dispatch import EventDispatchWorkflow
    from workflows.kernel.memory_rebuild import MemoryRebuildWorkflow
    from workflows.kernel.model_batch import ModelBatchWorkflow
    from workflows.kernel.ownership import OwnershipWorkflow
    from workflows.kernel.source_silence import SourceSilenceWorkflow
    from workflows.kernel.undo import UndoWorkflow
    from workflows.reconciliation.divergence import DivergenceWorkflow
    from workflows.reconciliation.reconcile import ReconcileWorkflow

    return (
        *(desk.workflow() for desk in DESKS.values()),
        ReconcileWorkflow,
        DivergenceWorkflow,
        UndoWorkflow,
        MemoryRebuildWorkflow,
        ModelBatchWorkflow,
        OwnershipWorkflow,
        EventDispatchWorkflow,
        SourceSilenceWorkflow,
        AnnouncingWorkflow,
        ConversationWorkflow,
    )


def case_types() -> tuple[str, ...]:
    """Return the names of the workflow types that run cases."""
    from workflows.reconciliation.divergence import DivergenceWorkflow

    return (*(desk.workflow().__name__ for desk in DESKS.values()), DivergenceWorkflow.__name__)


def case_workflows() -> dict[str, str]:
    """Return, by desk, the name of the workflow type that its cases are."""
    from workflows.reconciliation.divergence import DivergenceWorkflow

    desks = {name: desk.workflow().__name__ for name, desk in DESKS.items()}
    return {**desks, BOOKS.name: DivergenceWorkflow.__name__}


def witnesses() -> dict[str, Callable[[Plan, OnRecord], str]]:
    """Return, by desk, what compares its plans with what is on record."""
    return {name: desk.witness for name, desk in DESKS.items() if desk.witness is not None}


def parts() -> dict[str, PartOf]:
    """Return, by desk whose requests have parts, what knows them."""
    return {name: desk.part_of for name, desk in DESKS.items() if desk.part_of is not None}


def fact_types() -> dict[str, type[BaseModel]]:
    """Return what the policies of each namespace may read."""
    return {each.name: each.facts for each in _namespaces()}


def case_counts() -> dict[str, Mapping[str, CaseCount]]:
    """Return, by namespace, the counts of cases that our own records add to the facts."""
    return {each.name: each.case_counts for each in _namespaces()}


def customer_text() -> CustomerText:
    """Return, by desk, which fields of its requests hold a customer's own words."""
    return {each.name: each.customer_text for each in _namespaces() if each.request}


def kept_fields() -> KeptFields:
    """Return, by desk, which fields of its stored requests stay when a customer is forgotten."""
    return {each.name: each.kept_fields for each in _namespaces() if each.request}


def forms() -> "Forms":
    """Return every desk's forms, by task."""
    return {task: made for desk in DESKS.values() for task, made in desk.forms().items()}


def check_desk_files(office: Path) -> Iterator[Problem]:
    """Yield what is wrong with the office files that one desk alone reads."""
    from workflows.assistant.assistant_check import check_assistant
    from workflows.inbox.inbox_check import check_inbox

    yield from check_assistant(office)
    yield from check_inbox(office, DESKS)


def told_besides(office: Path) -> dict[str, Mapping[str, Mapping[str, JsonValue]]]:
    """Return, by folder of the office's texts, what its customers are told outside of cases."""
    from workflows.assistant.assistant_check import DESK, TEXTS
    from workflows.assistant.assistant_file import FILE

    return {DESK: TEXTS} if (office / FILE).exists() else {}


@contextmanager
def registered(desk: Desk[Any]) -> Iterator[None]:
    """Add a desk for a while: how tests bring in a desk of theirs.

    Raises:
        ValueError: the name is taken.
    """
    if desk.name in fact_types():
        raise ValueError(f"there is a desk {desk.name!r} already")
    DESKS[desk.name] = desk
    try:
        yield
    finally:
        del DESKS[desk.name]


def _namespaces() -> tuple[Namespace, ...]:
    return (*DESKS.values(), *KERNEL_NAMESPACES)

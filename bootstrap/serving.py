"""The activities that a worker serves, by role: each function takes an installation."""

import asyncio
from collections.abc import Collection

from activities.announcing import AnnouncingActivities
from activities.approvals import ApprovalActivities
from activities.beside import elsewhere
from activities.callers import Callers
from activities.case_watch import CaseWatchActivities
from activities.cases import CaseActivities
from activities.clock import utc_now
from activities.decisions import DecisionActivities
from activities.effects import EffectActivities
from activities.events import EventActivities
from activities.grounds import CaseGrounds
from activities.memory import MemoryActivities, RebuildActivities
from activities.model_batches import ModelBatchActivities
from activities.policy import PolicyActivities
from activities.proofs import ProofActivities
from activities.reads import ReadsOnRecord
from activities.recall import RecallActivities
from activities.reconcile import ReconcileActivities
from activities.shares import ShareActivities
from activities.silence import SilenceActivities
from activities.statements import StatementActivities
from activities.undo import UndoActivities
from activities.waits import WaitActivities
from bootstrap.conversing import conversation_activities
from bootstrap.installation import Installation
from contracts.case import Served
from contracts.connector import Manifest
from contracts.decision import Question
from contracts.desk import Activity
from memory.authoritative.outside_reads import SqlOutsideReads
from memory.semantic.rebuild import CollectionRebuild
from service.announcing import Announcing
from service.dispatch import EventDispatch
from service.silence import OfficeSources
from workflows import registry


def control_activities(installation: Installation, roles: Collection[str] = ()) -> list[Activity]:
    """Return the activities that write our own records; for the control task queue.

    What the process serves by its other roles is also served beside the workflows.
    """

    def redact(text: str) -> str:
        return installation.redactor(text)  # loaded when a system first says something

    cases = CaseActivities(
        installation.case_writer,
        served_beside(installation, roles),
        grounds=grounds(installation),
        redact=redact,
        office_version=installation.office_version,
    )
    asking, judging = approval_activities(installation), policy_activities(installation)
    reconciling, watching = reconcile_activities(installation), case_watch_activities(installation)
    return [
        cases.open,
        cases.note,
        judging.authorize,
        judging.choose,
        judging.authorize_approved,
        ShareActivities(installation.shares).books,
        asking.open,
        asking.find,
        asking.answer,
        asking.remind,
        asking.end,
        proof_activities(installation).use,
        effect_activities(installation).give_up,
        undo_activities(installation).plan,
        wait_activities(installation).moments,
        event_activities(installation).take_up,
        silence_activities(installation).look,
        AnnouncingActivities(Announcing(installation), utc_now).announce,
        wait_activities(installation).question,
        watching.cases,
        watching.workflows,
        watching.leftovers,
        reconciling.connectors,
        reconciling.ledger,
        reconciling.missing,
        reconciling.unresolved,
        reconciling.pursued,
        reconciling.judge,
        reconciling.openings,
        reconciling.opened,
        reconciling.propose,
        reconciling.settle,
        reconciling.anchor,
        *(each for desk in registry.DESKS.values() for each in desk.own_activities(installation)),
        *beside_activities(installation, roles),
    ]


def served_beside(installation: Installation, roles: Collection[str]) -> Served:
    """Return what a process with these roles may do beside its workflows.

    A connector's rate limit can only be kept in this process if it alone tries calls beside its
    workflows: proven by the embedded vector store, which one process owns.
    """
    own = installation.settings
    embedded = own.vector_store == "edge" and not own.qdrant_url
    alone = embedded and {"memory", "connectors"} <= set(roles)
    return Served(
        tasks=installation.local_tasks if "models" in roles else (),
        memory="memory" in roles,
        connectors=tuple(sorted(installation.manifests)) if alone else (),
    )


def beside_activities(installation: Installation, roles: Collection[str]) -> list[Activity]:
    """Return what control serves beside its workflows, where this process also has the role for it."""
    found: list[Activity] = [elsewhere]
    if "models" in roles:
        found += decision_activities(installation)
    if "memory" in roles:
        found += case_memory_activities(installation)
        found += conversation_activities(installation)
    if "connectors" in roles:
        found += connector_activities(installation)
    return found


def connector_activities(installation: Installation, manifest: Manifest | None = None) -> list[Activity]:
    """Return the activities that reach one outside system, for its task queue; without one, any system."""
    outside = installation.connectors
    on_record = ReadsOnRecord(outside, SqlOutsideReads(installation.database))
    reading = [
        each
        for desk in registry.DESKS.values()
        if manifest is None or desk.sources(manifest)
        for each in desk.activities(on_record)
    ]
    reconciling = reconcile_activities(installation)
    return [
        *reading,
        effect_activities(installation).perform,
        reconciling.listing,
        reconciling.second_look,
        silence_activities(installation).fetch,
        statement_activities(installation).subjects,
    ]


def model_activities(installation: Installation) -> list[Activity]:
    """Return the activities that ask models; for the models' task queue."""
    batches = ModelBatchActivities(installation.gemini_batches, installation.decisions)
    return [
        *decision_activities(installation),
        batches.submit,
        batches.poll,
        batches.cancel,
        batches.collect,
    ]


def decision_activities(installation: Installation) -> list[Activity]:
    """Return the activities that ask the router; for the models' task queues."""
    return [DecisionActivities(installation.router, installation.decisions).decide]


def memory_activities(installation: Installation) -> list[Activity]:
    """Return the activities of semantic memory; for the memory task queue."""
    memory = installation.memory
    keeping = MemoryActivities(memory)
    rebuilding = RebuildActivities(CollectionRebuild(memory))
    return [
        *case_memory_activities(installation),
        *conversation_activities(installation),
        keeping.search,
        keeping.history,
        keeping.take_in,
        keeping.forget,
        keeping.stats,
        keeping.mend,
        rebuilding.begin,
        rebuilding.copy,
        rebuilding.compare,
        rebuilding.switch,
        rebuilding.previous,
    ]


def case_memory_activities(installation: Installation) -> list[Activity]:
    """Return what a case asks of semantic memory."""
    recalling = RecallActivities(installation.memory)
    return [recalling.assemble, recalling.remember]


async def warm_models(installation: Installation) -> None:
    """Load the embedder and every head, or train it, so that no case waits for that."""
    for task in installation.catalogue.tasks:
        await installation.router.standings(Question(task=task, text=""))
    await installation.embedder.warm()
    await asyncio.to_thread(installation.redactor, "")  # what decisions are made from is kept redacted


def approval_activities(installation: Installation) -> ApprovalActivities:
    """Return what asks people and judges their answers."""
    return ApprovalActivities(
        approvals=installation.approvals,
        policy=installation.policy_engine,
        tokens=installation.approval_tokens,
        calendar=installation.calendar,
        outside=installation.connectors,
        proofs=installation.proofs,
        people=installation.people,
        callers=callers(installation),
    )


def proof_activities(installation: Installation) -> ProofActivities:
    """Return what judges the words of people that are no answers."""
    return ProofActivities(
        installation.proofs,
        installation.people,
        installation.admissions,
        installation.policy_engine.on_staff,
        installation.episodes,
    )


def callers(installation: Installation) -> Callers:
    """Return what turns away whoever starts an activity by hand."""
    return Callers(grounds(installation), installation.episodes)


def policy_activities(installation: Installation) -> PolicyActivities:
    """Return what judges plans and issues permits."""
    return PolicyActivities(
        engine=installation.policy_engine,
        books=installation.authorizations,
        approvals=installation.approvals,
        outside=installation.connectors,
        episodes=installation.episodes,
        grounds=grounds(installation),
        office_version=installation.office_version,
        case_counts=registry.case_counts(),
        texts=installation.texts,
    )


def grounds(installation: Installation) -> CaseGrounds:
    """Return what compares callers' words with what is on record."""
    return CaseGrounds(
        admissions=installation.admissions,
        cases=installation.cases,
        ledger=installation.ledger,
        verdicts=installation.verdicts,
        reads=SqlOutsideReads(installation.database),
        proofs=installation.proofs,
        approvals=installation.approvals,
        outside=installation.connectors,
        workflows=registry.case_workflows(),
        witnesses=registry.witnesses(),
        parts=registry.parts(),
    )


def effect_activities(installation: Installation) -> EffectActivities:
    """Return what executes effects; `perform` for the connectors' task queues, `give_up` for control's."""
    return EffectActivities(
        installation.connectors,
        installation.ledger,
        lambda: installation.policy_engine.version,
        utc_now,
        callers=callers(installation),
        has_room=installation.connectors.limits.has_room,
    )


def wait_activities(installation: Installation) -> WaitActivities:
    """Return what says how long the office waits for what happens outside."""
    return WaitActivities(installation.calendar)


def event_activities(installation: Installation) -> EventActivities:
    """Return what takes up events that came in; for control's task queue."""
    return EventActivities(installation.events, EventDispatch(installation), utc_now)


def silence_activities(installation: Installation) -> SilenceActivities:
    """Return what sees to silent sources; it looks from control's queue, and fetches from connectors'."""
    return SilenceActivities(OfficeSources(installation), installation.connectors, utc_now)


def undo_activities(installation: Installation) -> UndoActivities:
    """Return what works out how effects are taken back."""
    return UndoActivities(installation.connectors, installation.ledger)


def case_watch_activities(installation: Installation) -> CaseWatchActivities:
    """Return what compares our list of cases with the server; for control's task queue."""
    return CaseWatchActivities(
        books=installation.case_watch,
        ledger=installation.ledger,
        workflow_types=registry.case_types(),
        clock=utc_now,
    )


def reconcile_activities(installation: Installation) -> ReconcileActivities:
    """Return the reconciler's work: what reads a listing is for its connector's queue, the rest control's."""
    return ReconcileActivities(
        connectors=sorted(installation.manifests),
        outside=installation.connectors,
        books=installation.reconciliation,
        ledger=installation.ledger,
        log=installation.episodes,
        callers=callers(installation),
        clock=utc_now,
    )


def statement_activities(installation: Installation) -> StatementActivities:
    """Return what compares orders with what their channels say; for the connectors' task queues."""
    outside = installation.connectors
    readers = {
        name: desk.statements(outside)
        for desk in registry.DESKS.values()
        if desk.statements is not None
        for name, manifest in installation.manifests.items()
        if desk.sources(manifest)
    }
    return StatementActivities(readers, outside, installation.subjects, utc_now)

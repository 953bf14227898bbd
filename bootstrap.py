"""How settings become adapters: the one place that knows every implementation."""

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pkgutil import resolve_name

from sqlalchemy import Engine

from activities.approvals import ApprovalActivities
from activities.cases import CaseActivities
from activities.decisions import DecisionActivities
from activities.effects import EffectActivities
from activities.memory import MemoryActivities, RebuildActivities
from activities.model_batches import ModelBatchActivities
from activities.orders import OrderActivities
from activities.policy import PolicyActivities, utc_now
from activities.recall import RecallActivities
from activities.reconcile import ReconcileActivities
from activities.undo import UndoActivities
from connectors.check import sound_manifests
from connectors.connectors import Connectors
from connectors.secrets import EnvironmentSecrets, FileSecrets, Secrets
from connectors.vault import VaultSecrets
from contracts.approval_token import KEY_NAME as TOKEN_KEY
from contracts.decision import Question
from contracts.embedding import Embedder
from contracts.memory import Document, Memory
from memory.accounting import SqlAccounting
from memory.anchor import Anchor, AnchorFile, AnchorSink
from memory.answers import SqlAnswers
from memory.approval_overrides import SqlOverrides
from memory.approval_queue import SqlApprovalQueue
from memory.approval_tokens import ApprovalTokens
from memory.approvals import SqlApprovals
from memory.authorizations import SqlAuthorizations
from memory.books import SqlBooks
from memory.budgets import SqlBudgets
from memory.cases import SqlCases
from memory.chain import Signer
from memory.claims import SqlClaims
from memory.database import migrate, open_engine
from memory.decisions import SqlDecisions
from memory.doubts import SqlDoubts
from memory.episodes import SqlEpisodes
from memory.forgetting import CustomersWords
from memory.ledger import SqlLedger
from memory.permits import SqlPermits
from memory.rebuild import CollectionRebuild
from memory.record import SqlRecord
from memory.redaction import Redactor
from memory.semantic import SemanticMemory
from memory.signing_key import SigningKeyFile
from memory.vectors import VectorStore
from memory.verdicts import SqlVerdicts
from models.candidate import Candidate, Reply
from models.catalogue import Catalogue, load_catalogue
from models.embedder import SentenceEmbedder
from models.heads import HeadStore
from models.limits import load_limits
from models.local import HeadCandidate
from models.matching import MatcherCandidate
from models.prompts import load_prompts
from models.router import ModelRouter
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.office import version_of
from settings import Settings

Activity = Callable[..., object]
"""A bound method that is a Temporal activity."""


@lru_cache(maxsize=4)
def database(settings: Settings) -> Engine:
    """Open the authoritative database and bring its schema up to date."""
    engine = open_engine(settings.sql_url)
    migrate(engine)
    return engine


@lru_cache(maxsize=2)
def embedder(settings: Settings) -> SentenceEmbedder:
    """Return the process's one embedder; it loads its model at the first text."""
    return SentenceEmbedder(settings.embedder)


def cases(settings: Settings) -> SqlCases:
    """Return the office's list of cases."""
    return SqlCases(database(settings))


def decisions(settings: Settings) -> SqlDecisions:
    """Return the record of every decision."""
    return SqlDecisions(database(settings))


def verdicts(settings: Settings) -> SqlVerdicts:
    """Return the record of every verdict."""
    return SqlVerdicts(database(settings))


def claims(settings: Settings) -> SqlClaims:
    """Return who works on what."""
    return SqlClaims(database(settings))


def anchor_sink(settings: Settings) -> AnchorSink:
    """Return the place outside the database that keeps the episode log's heads."""
    if settings.audit_sink:
        sink: AnchorSink = resolve_name(settings.audit_sink)()
        return sink
    return AnchorFile(settings.audit_anchor_file)


@lru_cache(maxsize=2)
def anchor(settings: Settings) -> Anchor:
    """Return what decides when a head is kept outside; one a process."""
    return Anchor(anchor_sink(settings))


@lru_cache(maxsize=2)
def audit_signer(settings: Settings) -> Signer:
    """Return what signs the episode log's head; with local secrets its key is made when needed."""
    local = settings.secrets == "file"
    return Signer(SigningKeyFile(settings.secrets_file) if local else secrets(settings))


def episodes(settings: Settings) -> SqlEpisodes:
    """Return the append-only log."""
    return SqlEpisodes(database(settings), audit_signer(settings), anchor(settings))


def bookkeeper(settings: Settings) -> SqlRecord:
    """Return the desk's hot path into the books: a case's row and episodes in one commit."""
    return SqlRecord(database(settings), audit_signer(settings), anchor(settings))


def ledger(settings: Settings) -> SqlLedger:
    """Return the authoritative record of every effect."""
    return SqlLedger(database(settings))


def permits(settings: Settings) -> SqlPermits:
    """Return the place permits are issued in."""
    return SqlPermits(database(settings))


def secrets(settings: Settings) -> Secrets:
    """Return the place that secret values are read from."""
    if settings.secrets == "environment":
        return EnvironmentSecrets()
    if settings.secrets == "file":
        return FileSecrets(settings.secrets_file)
    return VaultSecrets(
        settings.vault_address,
        settings.vault_token,
        mount=settings.vault_mount,
        prefix=settings.vault_prefix,
        namespace=settings.vault_namespace,
    )


def manifest_variables(settings: Settings) -> dict[str, str]:
    """Return what `${NAME}` in a manifest stands for: the environment, and the sandbox's port."""
    return {"KONTOR_SANDBOX_PORT": str(settings.sandbox_port), **os.environ}


def connectors(settings: Settings) -> Connectors:
    """Return all connectors of the office, compiled; belongs to one event loop.

    Raises:
        OfficeInvalid: a manifest cannot be used.
    """
    return Connectors(sound_manifests(settings.office, manifest_variables(settings)), secrets(settings))


def approvals(settings: Settings) -> SqlApprovals:
    """Return the queue of waiting approvals."""
    return SqlApprovals(database(settings), audit_signer(settings), anchor(settings))


@lru_cache(maxsize=4)
def policy_engine(settings: Settings) -> CedarEngine:
    """Return the office's policies, parsed once; raises OfficeInvalid with every problem found."""
    return CedarEngine.from_office(settings.office)


@lru_cache(maxsize=4)
def office_version(settings: Settings) -> str:
    """Return the content hash of the office folder, as it was when this process first asked."""
    return version_of(settings.office)


def authorizations(settings: Settings) -> SqlAuthorizations:
    """Return what writes claims, verdicts and permits in one commit."""
    return SqlAuthorizations(database(settings))


def approval_tokens(settings: Settings) -> ApprovalTokens:
    """Return what makes and checks signed links; with local secrets its key is made when needed."""
    local = settings.secrets == "file"
    keys = SigningKeyFile(settings.secrets_file, TOKEN_KEY) if local else secrets(settings)
    return ApprovalTokens(database(settings), lambda: bytes.fromhex(keys.read(TOKEN_KEY)))


@lru_cache(maxsize=2)
def office_calendar(settings: Settings) -> OfficeCalendar:
    """Return the office's working time and how long people have; raises OfficeInvalid."""
    return OfficeCalendar.from_office(settings.office)


def approval_queue(settings: Settings) -> SqlApprovalQueue:
    """Return the queue of approvals as lists read it."""
    return SqlApprovalQueue(database(settings))


def approval_overrides(settings: Settings) -> SqlOverrides:
    """Return the counts of what people changed, refused and took back."""
    return SqlOverrides(database(settings))


def approval_asking(settings: Settings, outside: Connectors) -> ApprovalActivities:
    """Return what asks people and judges their answers."""
    return ApprovalActivities(
        approvals=approvals(settings),
        policy=policy_engine(settings),
        tokens=approval_tokens(settings),
        calendar=office_calendar(settings),
        outside=outside,
    )


def approval_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that ask people and judge their answers."""
    asking = approval_asking(settings, outside)
    return [asking.open, asking.answer, asking.nudge, asking.end]


def policy_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that judge plans and issue permits."""
    judging = PolicyActivities(
        engine=policy_engine(settings),
        books=authorizations(settings),
        cases=cases(settings),
        approvals=approvals(settings),
        outside=outside,
        episodes=episodes(settings),
        office_version=office_version(settings),
    )
    return [judging.authorize, judging.authorize_approved]


def sales_channels(settings: Settings) -> frozenset[str]:
    """Return the connectors that a request of the returns desk may come from: they know orders."""
    manifests = sound_manifests(settings.office, manifest_variables(settings))
    return frozenset(name for name, manifest in manifests.items() if "get_order" in manifest.operations)


def case_activities(settings: Settings) -> list[Activity]:
    """Return the activities that write a case's row and episodes."""
    return [CaseActivities(bookkeeper(settings)).note]


def connector_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that reach outside; for the connectors' task queues."""
    orders = OrderActivities(outside)
    effects = effect_activities(settings, outside)
    return [orders.load, effects.perform, reconcile_activities(settings, outside).listing]


def ledger_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that only need the ledger; for the control task queue."""
    return [effect_activities(settings, outside).give_up, undo_activities(settings, outside).plan]


def effect_activities(settings: Settings, outside: Connectors) -> EffectActivities:
    """Return what executes effects; for the connectors' task queues, and `give_up` for control's."""
    return EffectActivities(outside, ledger(settings), lambda: policy_engine(settings).version, utc_now)


def undo_activities(settings: Settings, outside: Connectors) -> UndoActivities:
    """Return what works out how effects are taken back; for the control task queue."""
    return UndoActivities(outside, ledger(settings))


def books(settings: Settings) -> SqlBooks:
    """Return our books against the outside world's: listings, divergences."""
    return SqlBooks(database(settings), audit_signer(settings))


def accounting(settings: Settings) -> SqlAccounting:
    """Return the imported accounting exports."""
    return SqlAccounting(database(settings))


def reconcile_activities(settings: Settings, outside: Connectors) -> ReconcileActivities:
    """Return the reconciler's work; `listing` for the connectors' task queues, the rest for control's."""
    return ReconcileActivities(
        connectors=[manifest.name for manifest in outside.manifests()],
        outside=outside,
        books=books(settings),
        ledger=ledger(settings),
        log=episodes(settings),
        clock=utc_now,
    )


def books_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the reconciler's activities that only need our own books; for the control task queue."""
    work = reconcile_activities(settings, outside)
    return [
        work.connectors,
        work.ledger,
        work.unresolved,
        work.pursued,
        work.judge,
        work.openings,
        work.opened,
        work.propose,
        work.settle,
        work.anchor,
    ]


def model_catalogue(settings: Settings) -> Catalogue:
    """Return the office's tasks and models; raises OfficeInvalid with every problem found."""
    return load_catalogue(settings.office)


def doubts(settings: Settings) -> SqlDoubts:
    """Return the decisions that people should look at again."""
    return SqlDoubts(database(settings))


def redactor() -> Redactor:
    """Return what takes secrets and personal data out of a text."""
    return Redactor()


@lru_cache(maxsize=2)
def head_candidate(settings: Settings) -> HeadCandidate:
    """Return what answers from trained heads: the office's own, or those trained into the state folder."""
    store = HeadStore(settings.state / "heads", shipped=settings.office / "heads")
    return HeadCandidate(settings.office, store, embedder(settings))


def model_candidates(settings: Settings) -> dict[str, Candidate]:
    """Return an answerer for each model of the office that this installation can ask."""
    local: dict[str, Candidate] = {
        "head": head_candidate(settings),
        "matcher": MatcherCandidate(embedder(settings)),
    }
    models = model_catalogue(settings).models
    here = {name: local[model.kind] for name, model in models.items() if model.kind in local}
    return here | (gemini_candidates(settings) if gemini_available(settings) else {})


def gemini_available(settings: Settings) -> bool:
    """Say whether a model of the office that needs a key has one."""
    for model in model_catalogue(settings).models.values():
        if model.kind == "gemini" and _has_secret(settings, model.secret):
            return True
    return False


def _has_secret(settings: Settings, name: str) -> bool:
    try:
        return bool(secrets(settings).read(name))
    except KeyError:
        return False


@lru_cache(maxsize=2)
def gemini_candidates(settings: Settings) -> dict[str, Candidate]:
    """Return what answers through Google's API; belongs to one event loop."""
    # The SDK takes half a second to import; an installation without a key never needs it.
    from models.gemini import GeminiCandidate  # noqa: PLC0415 (see above)
    from models.gemini_door import GeminiDoor  # noqa: PLC0415 (see above)

    catalogue = model_catalogue(settings)
    prompts = load_prompts(settings.office, catalogue)
    door = GeminiDoor(settings.gemini_base_url)
    return {
        name: GeminiCandidate(
            name,
            model,
            prompts,
            door,
            secrets(settings),
            budgets=budgets(settings),
            answers=SqlAnswers(database(settings), Reply),
            policy_version=lambda: policy_engine(settings).version,
        )
        for name, model in catalogue.models.items()
        if model.kind == "gemini"
    }


def budgets(settings: Settings) -> SqlBudgets:
    """Return what models may still spend; raises OfficeInvalid if the limits cannot be read."""
    return SqlBudgets(database(settings), load_limits(settings.office))


@lru_cache(maxsize=2)
def router(settings: Settings) -> ModelRouter:
    """Return the choice between local models, Gemini and a person; belongs to one event loop."""
    return ModelRouter(model_catalogue(settings), model_candidates(settings), budgets=budgets(settings))


async def warm_models(settings: Settings) -> None:
    """Load the embedder and every head, or train it, so that no case waits for that."""
    asking = router(settings)
    for task in model_catalogue(settings).tasks:
        await asking.standings(Question(task=task, text=""))
    await embedder(settings).embed(["warm"])


def decision_activities(settings: Settings) -> list[Activity]:
    """Return the activities that ask the router; for the models' task queues."""
    return [DecisionActivities(router(settings), decisions(settings)).decide]


def batch_activities(settings: Settings) -> list[Activity]:
    """Return the activities that speak of batch jobs; for the models' task queue."""
    from models.gemini_batch import GeminiBatches  # noqa: PLC0415 (the SDK takes half a second)
    from models.gemini_door import GeminiDoor  # noqa: PLC0415 (see above)

    catalogue = model_catalogue(settings)
    jobs = GeminiBatches(
        catalogue,
        load_prompts(settings.office, catalogue),
        GeminiDoor(settings.gemini_base_url),
        secrets(settings),
        budgets=budgets(settings),
    )
    work = ModelBatchActivities(jobs, decisions(settings))
    return [work.submit, work.poll, work.cancel, work.collect]


def vector_store(settings: Settings) -> VectorStore:
    """Open the vector store that the settings name.

    Raises:
        FolderBusy: the store is embedded and another process, as a rule the worker, owns it.
    """
    # Each engine's library takes up to a second to import; only the one in use is.
    if settings.vector_store == "edge" and not settings.qdrant_url:
        from memory.qdrant_edge import QdrantEdge  # noqa: PLC0415 (see above)

        return QdrantEdge(settings.state / "vectors")
    if settings.vector_store != "pgvector":
        from qdrant_client import QdrantClient  # noqa: PLC0415 (see above)

        from memory.qdrant_server import QdrantServer  # noqa: PLC0415 (see above)

        return QdrantServer(QdrantClient(url=settings.qdrant_url or "http://127.0.0.1:6333"))
    from memory.pgvector import PgVector  # noqa: PLC0415 (see above)

    return PgVector(database(settings))


def recall(settings: Settings, embedder: Embedder, standing: Sequence[Document] = ()) -> SemanticMemory:
    """Open semantic memory; once a process, because the embedded store is locked by its owner.

    Args:
        settings: which database and which vector store.
        embedder: this process's own.
        standing: documents taken in at every start.

    Raises:
        FolderBusy: another process owns the embedded store.
    """
    books = database(settings)
    return SemanticMemory(
        books,
        vector_store(settings),
        embedder,
        load_embedder=SentenceEmbedder,
        caches=[CustomersWords(books)],
        standing=standing,
    )


def policy_sentences(settings: Settings) -> Document:
    """Return the sentences of the office's policies, so that they can stand as evidence in a case."""
    policies = policy_engine(settings).policies.values()
    return Document(
        source="policy",
        passages=tuple(
            Memory(text=each.reason, kind="policy", source=f"policy#{each.id}") for each in policies
        ),
    )


@lru_cache(maxsize=1)
def serving_memory(settings: Settings) -> SemanticMemory:
    """Return the memory that this worker serves, with the office's policies in it."""
    return recall(settings, embedder(settings), [policy_sentences(settings)])


async def warm_memory(settings: Settings) -> None:
    """Open memory, put right what a crash left, take the policies in; before the first case asks.

    Raises:
        FolderBusy: another process owns the embedded store.
        EmbedderMismatch: the vectors there are of an embedder that this process does not have.
    """
    await serving_memory(settings).start()


def recall_activities(settings: Settings) -> list[Activity]:
    """Return the activities of semantic memory; for the memory task queue."""
    memory = serving_memory(settings)
    serving, keeping = RecallActivities(memory), MemoryActivities(memory)
    rebuilding = RebuildActivities(CollectionRebuild(memory))
    return [
        serving.assemble,
        serving.remember,
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

"""One installation of Kontor: its settings become adapters, each opened when it is first used."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from bootstrap.correspondence import Correspondence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.connectors import Connectors
    from contracts.connector import Manifest
    from contracts.desk import Desk
    from contracts.memory import Document
    from memory.authoritative.reconciliation.case_watch import SqlCaseWatch
    from memory.authoritative.reconciliation.store import SqlReconciliation
    from memory.authoritative.reconciliation.subjects import SqlSubjects
    from memory.semantic.service import SemanticMemory
    from memory.semantic.stores.base import VectorStore
    from models.gemini.batch import GeminiBatches
    from models.gemini.client import GeminiDoor
    from models.local.candidate import HeadCandidate
    from models.local.embedder import SentenceEmbedder
    from models.routing.candidate import Candidate
    from models.routing.catalogue import Catalogue
    from models.routing.languages import Languages
    from models.routing.router import ModelRouter
    from policy.calendar import OfficeCalendar
    from policy.engine import CedarEngine
    from policy.texts import OfficeTexts
    from service.openid import OpenIdProvider
    from service.signing_in import Entrance

LOCAL_KINDS = ("head", "matcher")
RECENT_TEXTS = 1024
"""Texts whose vectors a process keeps at hand, some 10 MB: recall and the heads ask about one message."""


class Installation(Correspondence):
    """The one place that knows every implementation.

    Each property opens its adapter at first use and keeps it. An adapter's module is imported there,
    too: libraries of models, vectors and policies take seconds to import, and a command that lists
    cases needs none of them.

    What was opened is closed together: by `async with` where an event loop runs, by `with` where none
    does. Connectors, Gemini's client and the router belong to the event loop they are first used in.
    """

    # The office: its policies, its version, its working time.

    @cached_property
    def office_version(self) -> str:
        """The content hash of the office, as it was at first use."""
        from contracts.office import version_of

        return version_of(self.office)

    @cached_property
    def policy_engine(self) -> "CedarEngine":
        """The office's policies, parsed once; raises OfficeInvalid with every problem found."""
        from policy.engine import CedarEngine
        from workflows import registry

        return CedarEngine.from_office(self.office, registry.fact_types())

    @cached_property
    def calendar(self) -> "OfficeCalendar":
        """The office's working time and how long people have; raises OfficeInvalid."""
        from policy.calendar import OfficeCalendar

        return OfficeCalendar.from_office(self.office)

    @cached_property
    def texts(self) -> "OfficeTexts":
        """What the office says to customers."""
        from policy.texts import OfficeTexts

        return OfficeTexts.from_office(self.office, self.calendar.file)

    @cached_property
    def entrance(self) -> "Entrance":
        """What lets people of the staff into the console."""
        from service.signing_in import Entrance
        from service.staff import StaffInForce

        return Entrance(self.sessions, self.people, StaffInForce(self), self.settings.console_origin)

    @cached_property
    def openid(self) -> "OpenIdProvider | None":
        """Who vouches for people at the console; None if there is no such provider."""
        from service.openid import OpenIdProvider

        own = self.settings
        if not own.oidc_issuer:
            return None
        back = f"{own.console_origin}{OpenIdProvider.BACK}"
        return OpenIdProvider(own.oidc_issuer, own.oidc_client_id, self.secrets, back)

    # The outside systems.

    @cached_property
    def manifests(self) -> "dict[str, Manifest]":
        """What each connector of the office declares, by name; raises OfficeInvalid."""
        import os

        from connectors.checks.manifests import sound_manifests

        # What `${NAME}` in a manifest stands for: the environment, and the sandbox's port.
        variables = {"KONTOR_SANDBOX_PORT": str(self.settings.sandbox_port), **os.environ}
        return sound_manifests(self.office, variables)

    @cached_property
    def connectors(self) -> "Connectors":
        """All connectors of the office, compiled; raises OfficeInvalid."""
        from activities.beside import runs_beside
        from connectors.connectors import Connectors
        from service.desk_door import DeskDoor

        opened = Connectors(self.manifests, self.secrets, beside=runs_beside, desks=DeskDoor(self))
        self._connected.push_async_callback(opened.close)
        self._connected.callback(self._forget, "connectors")
        return opened

    def sources(self, desk: "Desk[Any]") -> frozenset[str]:
        """Return the connectors that a request to a desk may come from; raises OfficeInvalid."""
        return frozenset(name for name, manifest in self.manifests.items() if desk.sources(manifest))

    @cached_property
    def reconciliation(self) -> "SqlReconciliation":
        """Our records against the outside world's: listings and divergences."""
        from memory.authoritative.reconciliation.store import SqlReconciliation

        return SqlReconciliation(self.journal, self.calendar.file.currency)

    @cached_property
    def subjects(self) -> "SqlSubjects":
        """Orders, or what else effects are for, against what their systems say of them."""
        from memory.authoritative.reconciliation.subjects import SqlSubjects

        return SqlSubjects(self.journal)

    @cached_property
    def case_watch(self) -> "SqlCaseWatch":
        """Our list of cases against the server that runs them."""
        from memory.authoritative.reconciliation.case_watch import SqlCaseWatch

        def redact(text: str) -> str:
            return self.redactor(text)  # loaded for an error, not for a list

        return SqlCaseWatch(
            self.journal,
            currency=lambda: self.calendar.file.currency,
            redact=redact,
        )

    # Who answers a question: local heads, Gemini, a person.

    @cached_property
    def catalogue(self) -> "Catalogue":
        """The office's tasks and models; raises OfficeInvalid with every problem found."""
        from models.routing.catalogue import load_catalogue

        return load_catalogue(self.office)

    @cached_property
    def embedder(self) -> "SentenceEmbedder":
        """The process's one embedder; it loads its model at the first text."""
        from models.local.embedder import SentenceEmbedder

        opened = SentenceEmbedder(self.settings.embedder, recent=RECENT_TEXTS)
        self._opened.callback(opened.close)
        return opened

    @cached_property
    def head_candidate(self) -> "HeadCandidate":
        """What answers from trained heads: the office's own, or those trained into the state folder."""
        from models.local.candidate import HeadCandidate
        from models.local.heads import HeadStore

        own = self.settings
        store = HeadStore(own.state / "heads", shipped=self.office / "heads")
        return HeadCandidate(self.office, store, self.embedder)

    @cached_property
    def candidates(self) -> "dict[str, Candidate]":
        """An answerer for each model of the office that this installation can ask."""
        from workflows import registry

        models = self.catalogue.models
        heads = {name: self.head_candidate for name, model in models.items() if model.kind == "head"}
        matchers = {
            name: candidate
            for desk in registry.DESKS.values()
            for name, candidate in desk.candidates(self.embedder).items()
            if name in models and models[name].kind == "matcher"
        }
        return {**heads, **matchers, **(self.gemini_candidates if self.has_gemini_key else {})}

    @property
    def local_tasks(self) -> tuple[str, ...]:
        """The tasks for which a model of this process is asked first."""
        firsts = {name: next(iter(task.candidates), "") for name, task in self.catalogue.tasks.items()}
        kinds = {name: model.kind for name, model in self.catalogue.models.items()}
        return tuple(name for name, first in firsts.items() if kinds.get(first) in LOCAL_KINDS)

    @property
    def has_gemini_key(self) -> bool:
        """Whether a model of the office that needs a key has one."""
        return any(
            self._has_secret(model.secret)
            for model in self.catalogue.models.values()
            if model.kind == "gemini"
        )

    @cached_property
    def gemini_client(self) -> "GeminiDoor":
        """Google's client over one connection pool."""
        from models.gemini.client import GeminiDoor

        opened = GeminiDoor(self.settings.gemini_base_url)
        self._connected.push_async_callback(opened.close)
        self._connected.callback(
            self._forget, "gemini_client", "gemini_candidates", "gemini_batches", "candidates", "router"
        )
        return opened

    @cached_property
    def gemini_candidates(self) -> "dict[str, Candidate]":
        """What answers through Google's API."""
        from memory.authoritative.response_cache import SqlAnswers
        from models.gemini.candidate import GeminiCandidate
        from models.gemini.prompts import load_prompts
        from models.routing.candidate import CandidateReply
        from workflows import registry

        prompts = load_prompts(self.office, self.catalogue)
        return {
            name: GeminiCandidate(
                name,
                model,
                prompts,
                self.gemini_client,
                self.secrets,
                budgets=self.budgets,
                answers=SqlAnswers(self.database, CandidateReply),
                policy_version=lambda: self.policy_engine.version,
                forms=registry.forms(),
            )
            for name, model in self.catalogue.models.items()
            if model.kind == "gemini"
        }

    @cached_property
    def gemini_batches(self) -> "GeminiBatches":
        """Google's batch jobs."""
        from models.gemini.batch import GeminiBatches
        from models.gemini.prompts import load_prompts
        from workflows import registry

        prompts = load_prompts(self.office, self.catalogue)
        return GeminiBatches(
            self.catalogue,
            prompts,
            self.gemini_client,
            self.secrets,
            budgets=self.budgets,
            forms=registry.forms(),
        )

    @cached_property
    def router(self) -> "ModelRouter":
        """The choice between local models, Gemini and a person."""
        from models.routing.router import ModelRouter

        return ModelRouter(self.catalogue, self.candidates, budgets=self.budgets, languages=self.languages)

    @cached_property
    def languages(self) -> "Languages":
        """The languages that the office reads, and what recognises one."""
        from models.local.language import language_of
        from models.routing.languages import Languages

        return Languages(self.calendar.file.reads, language_of)

    # Semantic memory.

    @cached_property
    def memory(self) -> "SemanticMemory":
        """The memory that a worker serves, with the office's policies in it; its vectors stay locked.

        Raises:
            FolderBusy: another process owns the embedded store.
        """
        from workflows.assistant.documents import documents_of

        opened = self.open_memory([self._policy_sentences(), documents_of(self.office)])
        self._opened.callback(opened.close)
        return opened

    def open_memory(self, standing: "Sequence[Document]" = ()) -> "SemanticMemory":
        """Open semantic memory for a while; the caller closes it, so that a worker may have it.

        Args:
            standing: documents taken in at every start.

        Raises:
            FolderBusy: the store is embedded and another process, as a rule the worker, owns it.
        """
        from memory.authoritative.erasure import CustomerTextEraser
        from memory.semantic.service import SemanticMemory
        from models.local.embedder import SentenceEmbedder
        from workflows import registry

        return SemanticMemory(
            self.database,
            self._open_vectors(),
            self.embedder,
            load_embedder=SentenceEmbedder,
            caches=[CustomerTextEraser(self.journal, registry.kept_fields())],
            standing=standing,
        )

    def _open_vectors(self) -> "VectorStore":
        own = self.settings
        if own.vector_store == "edge" and not own.qdrant_url:
            from memory.semantic.stores.qdrant_edge import QdrantEdge

            return QdrantEdge(own.state / "vectors")
        if own.vector_store == "pgvector":
            from memory.semantic.stores.pgvector import PgVector

            return PgVector(self.database)
        from qdrant_client import QdrantClient

        from memory.semantic.stores.qdrant_server import QdrantServer

        return QdrantServer(QdrantClient(url=own.qdrant_url or "http://127.0.0.1:6333"))

    def _policy_sentences(self) -> "Document":
        """Return the sentences of the office's policies, so that they can stand as evidence in a case."""
        from contracts.memory import Document, Memory

        policies = self.policy_engine.policies.values()
        return Document(
            source="policy",
            passages=tuple(
                Memory(text=each.reason, kind="policy", source=f"policy#{each.id}") for each in policies
            ),
        )

    def _has_secret(self, name: str) -> bool:
        try:
            return bool(self.secrets.read(name))
        except KeyError:
            return False

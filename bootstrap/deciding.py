"""Who answers a question: the embedder, the local heads, Gemini, the router."""

from functools import lru_cache

from activities.decisions import DecisionActivities
from activities.model_batches import ModelBatchActivities
from bootstrap.activity import Activity
from bootstrap.office import policy_engine
from bootstrap.outside import secrets
from bootstrap.stores import database, decisions
from contracts.decision import Question
from memory.answers import SqlAnswers
from memory.budgets import SqlBudgets
from memory.redaction import Redactor
from models.candidate import Candidate, Reply
from models.catalogue import Catalogue, load_catalogue
from models.embedder import SentenceEmbedder
from models.heads import HeadStore
from models.limits import load_limits
from models.local import HeadCandidate
from models.matching import MatcherCandidate
from models.prompts import load_prompts
from models.router import ModelRouter
from settings import Settings

RECENT_TEXTS = 1024
"""Texts whose vectors a process keeps at hand, some 10 MB: recall and the heads ask about one message."""


@lru_cache(maxsize=2)
def embedder(settings: Settings) -> SentenceEmbedder:
    """Return the process's one embedder; it loads its model at the first text."""
    return SentenceEmbedder(settings.embedder, recent=RECENT_TEXTS)


def model_catalogue(settings: Settings) -> Catalogue:
    """Return the office's tasks and models; raises OfficeInvalid with every problem found."""
    return load_catalogue(settings.office)


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

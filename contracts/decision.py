"""What a model, a rule or a person concluded, with its provenance."""

from typing import Literal

from pydantic import JsonValue

from contracts.base import Frozen, content_hash
from contracts.evidence import Evidence


class RouteStep(Frozen):
    """Why one candidate was taken or passed over by the router."""

    candidate: str
    taken: bool
    why: str


class Provenance(Frozen):
    """Who concluded it, from what, at which cost.

    Attributes:
        by: a local classifier, Gemini, a rule, or a person.
        name: the model, rule or person, for instance `DESK.TASK@minilm-l6`.
        version: the hash of the trained head, the model's version, the rule file's hash.
        inputs_hash: SHA-256 of the canonical inputs.
        confidence: calibrated probability that the answer is right, 0 to 1; None where nothing was
            calibrated: a rule says which it was, and its count of errors is in its card.
        cost_microusd: millionths of a US dollar.
    """

    by: Literal["local", "gemini", "rule", "person"]
    name: str
    version: str
    inputs_hash: str
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    route: tuple[RouteStep, ...] = ()
    prompt_hash: str | None = None
    cost_microusd: int = 0
    latency_ms: float = 0.0
    cached: bool = False


class Question(Frozen):
    """What the router is asked.

    Attributes:
        task: a task named in `office/models.toml`, by desk and name.
        text: the text to decide on.
        choices: for a task that picks among given candidates (which item, which variant).
        evidence: what the answer must be grounded in.
    """

    task: str
    text: str
    case_id: str = ""
    desk: str = ""
    choices: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Inquiry(Frozen):
    """Several questions of one case, asked in one activity.

    Attributes:
        step: the story's step, so that the decisions are kept once: `read`, `variant`.
    """

    case_id: str
    step: str
    questions: tuple[Question, ...]


class Decision(Frozen):
    """The router's answer.

    Attributes:
        outcome: `answered`; `unsure` (nothing may answer: a person decides); `deferred` (nothing may answer
            now, and the task can wait for a batch job); or a named failure.
        answer: the task's contract as JSON, for instance `{"label": "return"}`; the best guess
            when `unsure`, None when there is none.
        critical: it counts only if a second zone, asked separately, says the same.
        foreign: the language of the text, two letters, if it is none that the office reads.
        earlier: the answer of a candidate asked before, which it did not stand by; None if there is none.
    """

    task: str
    outcome: Literal["answered", "unsure", "deferred", "ungrounded", "blocked", "truncated", "malformed"]
    answer: dict[str, JsonValue] | None
    provenance: Provenance
    critical: bool = False
    foreign: str = ""
    earlier: dict[str, JsonValue] | None = None


RELABELLED = "relabelled"
"""The episode of a person's word that a task's answer is another one: its data are `task` and `label`."""


def inputs_hash(question: Question) -> str:
    """Return the hash of what a question asks, whoever's case it is."""
    return content_hash(question.model_dump(mode="json", include={"task", "text", "choices", "evidence"}))


TOO_LARGE = "it is too large to ask"
"""Why a question is not asked at all: a form, or a person, says what it would have."""


def undecided(question: Question, candidate: str, why: str) -> Decision:
    """Return the decision of a question that nobody answered, not even `candidate`: a person decides."""
    return Decision(
        task=question.task,
        outcome="unsure",
        answer=None,
        provenance=Provenance(
            by="rule",
            name=f"{question.task}@nobody",
            version="-",
            inputs_hash=inputs_hash(question),
            route=(RouteStep(candidate=candidate, taken=False, why=why),),
        ),
    )


class ReviewItem(Frozen):
    """What a model made of a text, and why that may have been wrong.

    Attributes:
        text: what the customer wrote.
        guess: the label it gave or would have given; empty if it had none.
        why: `unsure`, or what a person did about the case: `rejected`, `edited`, `undone`, `clarified`.
        label: what a person said it means, where they were asked; empty if they were not.
    """

    case_id: str
    task: str
    text: str
    guess: str
    confidence: float | None
    why: str
    label: str = ""

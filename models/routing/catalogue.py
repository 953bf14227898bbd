"""`office/models.toml`: which tasks there are, which models may answer them, and at what price."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from contracts.base import Frozen
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import TomlLines, read_toml, toml_problem

FILE = "models.toml"

Contract = Literal["label", "picked", "form"]
Sensitivity = Literal["public", "internal", "personal", "money"]
_SENSITIVITIES: tuple[Sensitivity, ...] = ("public", "internal", "personal", "money")


class ModelSpec(Frozen):
    """One model that can answer.

    Attributes:
        kind: `head` (a trained classifier on local embeddings), `matcher` (a local rule over words
            and embeddings), or `gemini`.
        id: the provider's name of it; empty for local ones.
        may_see: the most sensitive text it may be given.
        typical_latency_ms: what one answer takes before anything was measured.
        longest_characters: texts beyond it are not given to it.
        input_usd_per_million, output_usd_per_million: price of a million tokens on `priced_on`.
        prompt_tokens, most_output_tokens: what a call sends besides the text, and may bring back.
        requests_per_minute, tokens_per_minute: the provider's limits, kept by each worker; 0 is none.
        secret: the name of the secret with its key.
        thinking_tokens: how much it may think before it answers; None leaves that to it.
        flex_share, batch_share: what the slower tiers cost, as a share of the price.
    """

    kind: Literal["head", "matcher", "gemini"]
    id: str = ""
    note: str = ""
    may_see: Sensitivity = "money"
    typical_latency_ms: float = Field(default=10.0, gt=0)
    longest_characters: int = Field(default=20_000, gt=0)
    input_usd_per_million: float = Field(default=0.0, ge=0)
    output_usd_per_million: float = Field(default=0.0, ge=0)
    cached_input_usd_per_million: float = Field(default=0.0, ge=0)
    priced_on: date | None = None
    prompt_tokens: int = Field(default=0, ge=0)
    most_output_tokens: int = Field(default=0, ge=0)
    requests_per_minute: int = Field(default=0, ge=0)
    tokens_per_minute: int = Field(default=0, ge=0)
    secret: str = ""
    thinking_tokens: int | None = Field(default=None, ge=0)
    flex_share: float = Field(default=1.0, gt=0, le=1)
    batch_share: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _priced(self) -> "ModelSpec":
        if self.kind == "gemini" and not (self.id and self.secret and self.priced_on):
            raise ValueError("a gemini model needs id, secret and priced_on")
        return self

    @property
    def free(self) -> bool:
        """True if an answer costs no money."""
        return self.input_usd_per_million == 0 and self.output_usd_per_million == 0

    def may_be_given(self, sensitivity: Sensitivity) -> bool:
        """Say whether text of this sensitivity may go to it."""
        return _SENSITIVITIES.index(sensitivity) <= _SENSITIVITIES.index(self.may_see)

    def most_microusd(self, characters: int) -> int:
        """Return the most that one answer on a text of `characters` can cost, in millionths of a dollar.

        A token is never shorter than one character, so characters bound tokens from above.
        """
        tokens_in = self.prompt_tokens + characters
        return round(
            tokens_in * self.input_usd_per_million + self.most_output_tokens * self.output_usd_per_million
        )


class TaskSpec(Frozen):
    """One kind of question.

    Attributes:
        contract: `label` answers `{"label": one of labels}`; `picked` answers
            `{"picked": [indexes into the question's choices]}`; `form` a form that a desk made for the task.
        labels: each label with what it means, in words for a person and for a prompt.
        examples: file of labelled examples in the office.
        latency_ms: how long all candidates together may take.
        cost_ceiling_microusd: the most one answer may cost, in millionths of a US dollar.
        target_error: the largest share of wrong answers among those accepted.
        target_confidence: how sure that promise is, over the draw of the held-out examples.
        guard_share: the share of its own kind of texts that may be left unanswered as strange. A task that
            strangers' texts reach takes more: a text of no label is wrong, whatever label it is given.
        moves_money: its answers decide about money, so that no answer is ever reused.
        critical: decided twice, on separate zones, and must agree.
        candidates: models in the order in which they are asked.
        otherwise: what happens when none may answer: a person decides, or it is left to a batch job.
        prompt: file in the office that a language model is asked with.
        wait_seconds: how long the question may wait in all for a provider that asks us to come
            again later, before `otherwise` holds.
        any_language: local answers count in languages that the office does not read, too: for rules that
            know several, or can only make a desk more careful.
    """

    contract: Contract
    note: str = ""
    labels: dict[str, str] = {}
    examples: str = ""
    latency_ms: int = Field(gt=0)
    cost_ceiling_microusd: int = Field(default=0, ge=0)
    target_error: float = Field(gt=0, lt=0.5)
    target_confidence: float = Field(default=0.95, ge=0.5, lt=1)
    sensitivity: Sensitivity = "personal"
    guard_share: float = Field(default=0.01, gt=0, lt=0.5)
    moves_money: bool = False
    critical: bool = False
    candidates: tuple[str, ...] = Field(min_length=1)
    otherwise: Literal["person", "later"] = "person"
    prompt: str = ""
    wait_seconds: float = Field(default=0.0, ge=0)
    any_language: bool = False

    @model_validator(mode="after")
    def _labelled(self) -> "TaskSpec":
        if self.contract == "label" and len(self.labels) < 2:  # noqa: PLR2004 - one label is no question
            raise ValueError("a task with contract 'label' needs at least two labels")
        return self


class Catalogue(Frozen):
    """All tasks and models of an office."""

    models: dict[str, ModelSpec]
    tasks: dict[str, TaskSpec]


def load_catalogue(office: Path) -> Catalogue:
    """Read `models.toml` of an office.

    Raises:
        OfficeInvalid: with every problem found, each naming its line.
    """
    try:
        text = read_text(office / FILE)
    except FileNotFoundError:
        raise OfficeInvalid([Problem(file=FILE, line=0, what="is missing")]) from None
    catalogue, lines = read_toml(text, Catalogue, FILE), TomlLines(text)
    if wrong := [*_unknown_candidates(lines, catalogue), *_without_prompt(lines, catalogue)]:
        raise OfficeInvalid(wrong)
    return catalogue


def _unknown_candidates(lines: TomlLines, catalogue: Catalogue) -> list[Problem]:
    known = ", ".join(sorted(catalogue.models))
    return [
        toml_problem(
            FILE,
            lines,
            ("tasks", name, "candidates"),
            f"no model is called {candidate!r}",
            f"name one of {known}",
        )
        for name, task in catalogue.tasks.items()
        for candidate in task.candidates
        if candidate not in catalogue.models
    ]


def _without_prompt(lines: TomlLines, catalogue: Catalogue) -> list[Problem]:
    return [
        Problem(
            file=FILE,
            line=lines.line(("tasks", name, "candidates")),
            what=f"[tasks.{name}] prompt: {candidate} needs one to be asked with",
            fix='prompt = "prompts/…"',
        )
        for name, task in catalogue.tasks.items()
        for candidate in task.candidates
        if not task.prompt and candidate in catalogue.models and catalogue.models[candidate].kind == "gemini"
    ]

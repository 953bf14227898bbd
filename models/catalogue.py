"""`office/models.toml`: which tasks there are, which models may answer them, and at what price."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from contracts.frozen import Frozen
from contracts.problem import OfficeInvalid, Problem

FILE = "models.toml"

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
            `{"picked": [indexes into the question's choices]}`.
        labels: each label with what it means, in words for a person and for a prompt.
        examples: file of labelled examples in the office.
        latency_ms: how long all candidates together may take.
        cost_ceiling_microusd: the most one answer may cost, in millionths of a US dollar.
        target_error: the largest share of wrong answers among those accepted.
        target_confidence: how sure that promise is, over the draw of the held-out examples.
        moves_money: its answers decide about money, so that no answer is ever reused.
        critical: decided twice, on separate zones, and must agree.
        candidates: models in the order in which they are asked.
        otherwise: what happens when none may answer: a person decides, or it is left to a batch job.
        prompt: file in the office that a language model is asked with.
        wait_seconds: how long the question may wait in all for a provider that asks us to come
            again later, before `otherwise` holds.
    """

    contract: Literal["label", "picked"]
    note: str = ""
    labels: dict[str, str] = {}
    examples: str = ""
    latency_ms: int = Field(gt=0)
    cost_ceiling_microusd: int = Field(default=0, ge=0)
    target_error: float = Field(gt=0, lt=0.5)
    target_confidence: float = Field(default=0.95, ge=0.5, lt=1)
    sensitivity: Sensitivity = "personal"
    moves_money: bool = False
    critical: bool = False
    candidates: tuple[str, ...] = Field(min_length=1)
    otherwise: Literal["person", "later"] = "person"
    prompt: str = ""
    wait_seconds: float = Field(default=0.0, ge=0)

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
    file = office / FILE
    try:
        text = file.read_text(encoding="utf-8")
        catalogue = Catalogue.model_validate(tomllib.loads(text))
    except FileNotFoundError:
        raise OfficeInvalid([Problem(file=FILE, line=0, what="is missing")]) from None
    except tomllib.TOMLDecodeError as broken:
        raise OfficeInvalid([Problem(file=FILE, line=line_in(str(broken)), what=str(broken))]) from None
    except ValidationError as invalid:
        raise OfficeInvalid(
            [_problem(text, error["loc"], error["msg"]) for error in invalid.errors()]
        ) from None
    if wrong := [*_unknown_candidates(text, catalogue), *_without_prompt(text, catalogue)]:
        raise OfficeInvalid(wrong)
    return catalogue


def line_in(message: str) -> int:
    """Return the line that tomllib's message names (`... (at line 3, column 7)`), else 0."""
    _, _, rest = message.partition("at line ")
    digits = rest.split(",")[0]
    return int(digits) if digits.isdigit() else 0


def line_of(text: str, table: str, key: str = "") -> int:
    """Return the 1-based line of a table's header, or of a key in it; 0 if it is not there."""
    header, at = f"[{table}]", 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.split("#")[0].strip().replace('"', "").replace("'", "")
        if bare.startswith("["):
            at = number if bare == header else 0
            if at and not key:
                return at
        elif at and bare.split("=")[0].strip() == key:
            return number
    return line_of(text, table) if key else 0


def _problem(text: str, where: tuple[int | str, ...], what: str) -> Problem:
    names = [str(part) for part in where]
    table, key = ".".join(names[:2]), names[2] if len(names) > 2 else ""  # noqa: PLR2004 - kind, name, key
    said = what.removeprefix("Value error, ")
    return Problem(
        file=FILE, line=line_of(text, table, key), what=f"[{table}] {key}: {said}".replace(" :", ":")
    )


def _unknown_candidates(text: str, catalogue: Catalogue) -> list[Problem]:
    known = ", ".join(sorted(catalogue.models))
    return [
        Problem(
            file=FILE,
            line=line_of(text, f"tasks.{name}", "candidates"),
            what=f"[tasks.{name}] candidates: no model is called {candidate!r}",
            fix=f"name one of {known}",
        )
        for name, task in catalogue.tasks.items()
        for candidate in task.candidates
        if candidate not in catalogue.models
    ]


def _without_prompt(text: str, catalogue: Catalogue) -> list[Problem]:
    return [
        Problem(
            file=FILE,
            line=line_of(text, f"tasks.{name}", "candidates"),
            what=f"[tasks.{name}] prompt: {candidate} needs one to be asked with",
            fix='prompt = "prompts/…"',
        )
        for name, task in catalogue.tasks.items()
        for candidate in task.candidates
        if not task.prompt and candidate in catalogue.models and catalogue.models[candidate].kind == "gemini"
    ]

"""Policy tests as data: facts in, the expected verdict and the policies that must have decided."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, ValidationError, model_validator

from contracts.approvals.request import ApprovalRequest
from contracts.authorization import Plan, Verdict
from contracts.base import Frozen
from contracts.counted import counted
from contracts.effect import ProposedEffect
from contracts.field_errors import field_errors_text
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.proof import AT_BEST, Shown, ShownHow
from contracts.toml_lines import TomlLines, parse_toml
from policy.calendar import read_calendar
from policy.engine import CedarEngine

TESTS = "policies/tests"
NO_CURRENCY = "XXX"
"""ISO 4217's own code where no currency is meant; read from a file, a trial has the office's."""


class TrialEffect(Frozen):
    """The proposed effect of a trial; what is left out does not matter to it."""

    operation: str
    connector: str = "webshop"
    amount_cents: int = 0
    currency: str = NO_CURRENCY


class Proposed(Frozen):
    """Facts and an effect to be judged."""

    desk: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    effect: TrialEffect

    @property
    def plan(self) -> Plan:
        """The effect as a plan."""
        proposed = ProposedEffect(step=self.effect.operation, arguments={}, **self.effect.model_dump())
        return Plan(
            case_id="trial", desk=self.desk, summary="a proposal", facts=self.facts, effects=(proposed,)
        )


class TrialProposal(Proposed):
    """What `kontor policy try` reads: written by hand, or the facts of a recorded verdict."""

    @model_validator(mode="before")
    @classmethod
    def _from_a_record(cls, document: Any) -> Any:
        """Take the facts of a recorded verdict, which hold the desk and the effect beside them."""
        if not isinstance(document, dict) or "facts" in document:
            return document
        known = TrialEffect.model_fields
        effect = {name: each for name, each in document.get("effect", {}).items() if name in known}
        facts = {name: value for name, value in document.items() if name != "effect"}
        return {"desk": document.get("desk"), "facts": facts, "effect": effect}


class Trial(Proposed):
    """One test: either of a verdict on an effect, or of whether a person may answer.

    Attributes:
        name: a sentence.
        facts: laid over the file's `[defaults.facts]`.
        policies: ids that must all be among those that decided.
        roles, needed: for an `ask`, who must be asked, and how many of them.
        error: the denial must come from an error: a word the office does not have.
        person, asked_by, asked, at: for a test of answering.
        how, age_seconds: for one, how the person showed who they are, and how long before they answer.
    """

    name: str
    expect: Literal["allow", "ask", "deny"]
    policies: tuple[str, ...] = ()
    roles: tuple[str, ...] | None = None
    needed: int | None = None
    error: bool = False
    person: str = ""
    asked_by: str = "desk"
    how: ShownHow = AT_BEST.how
    age_seconds: int = Field(default=AT_BEST.age_seconds, ge=0)
    asked: tuple[str, ...] = ()
    at: datetime | None = None

    def judge(self, engine: CedarEngine) -> Verdict:
        """Put the trial to an engine."""
        if not self.person:
            return engine.judge(self.plan)[0]
        at = self.at or datetime.fromisoformat("2026-01-15T12:00:00+00:00")
        asked = self.asked or tuple(engine.book.staff.roles)
        request = ApprovalRequest(
            id="ask-trial",
            case_id="trial",
            desk=self.desk,
            step=self.effect.operation,
            what=self.name,
            plan=self.plan,
            arguments_hash="",
            roles=asked,
            asked_by=self.asked_by,
            office_version="",
            requested_at=at,
            deadline=at,
        )
        return engine.may_answer(self.person, request, at, Shown(how=self.how, age_seconds=self.age_seconds))


@dataclass(frozen=True)
class Tried:
    """A trial with what came of it; `failures` is empty when it passed."""

    file: str
    line: int
    trial: Trial
    verdict: Verdict
    failures: tuple[str, ...]


def read_trials(office: Path) -> Iterator[tuple[str, int, Trial]]:
    """Yield every trial of an office with its file and line.

    Raises:
        OfficeInvalid: a test file is not TOML, or a test is not well formed.
    """
    file, _ = read_calendar(office)
    own = {"effect": {"currency": file.currency}} if file else {}
    for path in sorted((office / TESTS).glob("*.toml")):
        name = path.relative_to(office).as_posix()
        text = read_text(path)
        content, lines = parse_toml(text, name), TomlLines(text)
        defaults = _laid_over(own, content.get("defaults", {}))
        for number, test in enumerate(content.get("test", [])):
            at: tuple[str | int, ...] = ("test", number)
            try:
                yield name, lines.line(at), Trial.model_validate(_laid_over(defaults, test))
            except ValidationError as invalid:
                what = field_errors_text(invalid)
                raise OfficeInvalid([Problem(file=name, line=lines.line(at), what=what)]) from None


def run_trials(office: Path, engine: CedarEngine) -> list[Tried]:
    """Judge every trial of an office."""
    return [_tried(file, line, trial, engine) for file, line, trial in read_trials(office)]


def failing_trials(office: Path, engine: CedarEngine) -> list[Problem]:
    """Return the trials that do not come out as expected, as problems with file and line."""
    try:
        return [
            Problem(file=tried.file, line=tried.line, what=f"{tried.trial.name}: {'; '.join(tried.failures)}")
            for tried in run_trials(office, engine)
            if tried.failures
        ]
    except OfficeInvalid as invalid:
        return invalid.problems


def _tried(file: str, line: int, trial: Trial, engine: CedarEngine) -> Tried:
    verdict = trial.judge(engine)
    return Tried(file, line, trial, verdict, tuple(_failures(trial, verdict)))


def _failures(trial: Trial, verdict: Verdict) -> Iterator[str]:
    decided = [reason.id for reason in verdict.reasons]
    if verdict.outcome != trial.expect:
        yield f"expected {trial.expect}, got {verdict.outcome} by {', '.join(decided) or 'an error'}"
    if missing := [id for id in trial.policies if id not in decided]:
        yield f"{', '.join(missing)} did not decide; {', '.join(decided) or 'nothing'} did"
    if trial.roles is not None and verdict.ask_roles != trial.roles:
        yield f"expected to ask {list(trial.roles)}, asks {list(verdict.ask_roles)}"
    if trial.needed is not None and verdict.needed != trial.needed:
        yield f"expected {counted(trial.needed, 'person', 'people')}, asks for {verdict.needed}"
    # A test whose facts do not fit the schema would be denied, and pass for the wrong reason.
    if verdict.errors and not trial.error:
        yield f"error: {'; '.join(verdict.errors)}"
    if trial.error and not verdict.errors:
        yield "expected an error, there was none"


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `above` over `below`, tables merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, dict) and isinstance(value, dict)
        merged[key] = _laid_over(under, value) if both and isinstance(under, dict) else value
    return merged

"""What another office would change: files, policies, its own tests, and the last cases judged again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from contracts.authorization import Verdict
from contracts.base import content_hash
from contracts.counted import counted
from contracts.office import (
    LAST_CASES,
    Changes,
    OfficeInvalid,
    Problem,
    Release,
    changes,
    office_files,
    office_version,
)
from policy.answering import ANSWER, person_of
from policy.engine import CedarEngine
from policy.trials import run_trials
from service.soundness import check_office
from workflows.registry import fact_types

if TYPE_CHECKING:
    from bootstrap.installation import Installation


@dataclass(frozen=True)
class Judgement:
    """What an office's policies say of one effect, or of one person's answer."""

    outcome: str
    policies: tuple[str, ...]
    asks: tuple[str, ...] = ()
    needed: int = 1
    errors: tuple[str, ...] = ()

    @classmethod
    def of(cls, verdict: Verdict) -> "Judgement":
        """Return a verdict without what differs by itself: its id and the policies' version."""
        return cls(
            outcome=verdict.outcome,
            policies=tuple(reason.id for reason in verdict.reasons),
            asks=verdict.ask_roles,
            needed=verdict.needed,
            errors=verdict.errors,
        )


@dataclass(frozen=True)
class JudgedAgain:
    """A step of a case that the two offices judge differently, on the facts that are on record."""

    case_id: str
    step: str
    effect: JsonValue
    before: Judgement
    after: Judgement


@dataclass(frozen=True)
class Tests:
    """How an office's own policy tests went; None where its policies cannot be loaded."""

    passed: int
    failed: int


@dataclass(frozen=True)
class Comparison:
    """An office beside the one in force.

    Attributes:
        in_force: the release that workers serve; None while there is none.
        version: of the office it is compared with.
        files: which files differ.
        policies: which policies differ in what they say, by id.
        problems: what `kontor check` finds in it, failing tests included.
        tests: how its policy tests go; None if its policies cannot be loaded.
        cases: how many of the last cases were judged again; None if they could not be.
        otherwise: what would be judged differently.
    """

    in_force: Release | None
    version: str
    files: Changes
    policies: Changes
    problems: tuple[Problem, ...]
    tests: Tests | None
    cases: int | None
    otherwise: tuple[JudgedAgain, ...]

    @property
    def same(self) -> bool:
        """Whether it is the office in force."""
        return self.in_force is not None and self.in_force.version == self.version

    def words(self) -> str:
        """Return it in one line, for a person."""
        files = len(self.files.added) + len(self.files.removed) + len(self.files.changed)
        told = [counted(files, "file differs", "files differ")]
        if self.tests is not None:
            told.append(f"{self.tests.failed} of {self.tests.passed + self.tests.failed} policy tests fail")
        if self.problems:
            told.append(f"kontor check finds {counted(len(self.problems), 'problem')}")
        if self.cases is None:
            told.append("no case can be judged again")
        else:
            differ = len({one.case_id for one in self.otherwise})
            told.append(f"of the last {counted(self.cases, 'case')}, {differ} would be judged otherwise")
        return ", ".join(told)


def compare(kontor: "Installation", folder: Path, *, cases: int = LAST_CASES) -> Comparison:
    """Hold an office against the one in force.

    Args:
        kontor: whose cases and whose office in force.
        folder: the other office.
        cases: so many of the last cases are judged again, with the policies of both.

    Raises:
        OfficeMissing: there is no such folder.
    """
    files, release = office_files(folder), kontor.offices.in_force()
    problems = tuple(check_office(folder))
    after = _engine(folder)
    before = _engine(kontor.unpacked(release.version)) if release else None
    judged = kontor.verdicts.of_newest_cases(cases) if before and after else {}
    return Comparison(
        in_force=release,
        version=office_version(files),
        files=changes(kontor.offices.files(release.version) if release else {}, files),
        policies=changes(_said(before), _said(after)),
        problems=problems,
        tests=_tests(folder, after) if after else None,
        cases=len(judged) if before and after else None,
        otherwise=tuple(_judged_again(judged, before, after)) if before and after else (),
    )


def _engine(folder: Path) -> CedarEngine | None:
    try:
        return CedarEngine.from_office(folder, fact_types())
    except OfficeInvalid:
        return None


def _said(engine: CedarEngine | None) -> dict[str, str]:
    return {id: content_hash(policy.tree) for id, policy in engine.policies.items()} if engine else {}


def _tests(folder: Path, engine: CedarEngine) -> Tests | None:
    try:
        tried = run_trials(folder, engine)
    except OfficeInvalid:
        return None
    failed = sum(1 for each in tried if each.failures)
    return Tests(passed=len(tried) - failed, failed=failed)


def _judged_again(
    judged: Mapping[str, tuple[Verdict, ...]], before: CedarEngine, after: CedarEngine
) -> Iterator[JudgedAgain]:
    """Yield what differs. Both offices are asked: what was said then may be of a third."""
    for case_id, verdicts in judged.items():
        # A step that was judged again and again counts once, as it was judged last.
        last = {(verdict.step, _who(verdict)): verdict for verdict in verdicts}
        for verdict in last.values():
            then = Judgement.of(before.judge_again(case_id, verdict))
            now = Judgement.of(after.judge_again(case_id, verdict))
            if then != now:
                yield JudgedAgain(case_id, verdict.step, verdict.facts.get("effect"), then, now)


def _who(verdict: Verdict) -> str:
    return person_of(verdict.facts) if verdict.step == ANSWER else ""

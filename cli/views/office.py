"""How offices are shown: what is in force, what another one would change, the history."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from cli.terminal import OUT, listing
from cli.views.outcome import coloured
from contracts.counted import counted
from contracts.money import money_text
from contracts.office import Changes, Release, read_text
from service.words import when

if TYPE_CHECKING:
    from service.office_changes import Comparison, JudgedAgain, Judgement

MOST_SHOWN = 50
"""So many differing verdicts are listed; the rest is counted, and `--json` has all."""


def show_release(release: Release, zone: ZoneInfo) -> None:
    """Print what is in force."""
    OUT.print(
        f"in force: [bold]{release.version}[/], release {release.number}, "
        f"since {when(release.at, zone)} by {escape(release.by)}{_because(release)}",
        highlight=False,
        soft_wrap=True,
    )
    if release.anyway:
        OUT.print(f"[yellow]anyway, with {counted(len(release.problems), 'problem')}:[/]")
        for problem in release.problems:
            OUT.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)


def told(folder: Path, version: str, found: "Comparison | None") -> str:
    """Return how the office folder stands to the office in force, in words.

    Args:
        folder: where it is.
        version: its version; empty if there is none.
        found: what it would change; None if it is the office in force.
    """
    if not version:
        return f"there is no folder {escape(str(folder))} here: workers serve what is in force"
    if found is None:
        return f"{escape(str(folder))} is the office in force"
    if found.in_force is None:
        return f"{escape(str(folder))} is version {found.version}: {found.words()}"
    return (
        f"[yellow]{escape(str(folder))} is another version, {found.version}:[/] {found.words()}. "
        "`kontor office diff` shows it, `kontor office apply` puts it in force"
    )


def show_comparison(found: "Comparison", folders: tuple[Path | None, Path] | None) -> None:
    """Print what an office would change; with both folders, also the changed lines."""
    before = found.in_force.version if found.in_force else "nothing"
    OUT.print(f"[bold]{before} → {found.version}[/]" + (" (the same)" if found.same else ""), highlight=False)
    for what, each in (("files", found.files), ("policies", found.policies)):
        _show_changes(what, each)
    if folders:
        for line in _lines(found.files, *folders):
            OUT.print(line, markup=False, highlight=False, soft_wrap=True)
    if found.tests is not None:
        OUT.print(f"policy tests: {found.tests.passed} passed, {found.tests.failed} failed", highlight=False)
    for problem in found.problems:
        OUT.print(f"[red]problem[/] {escape(str(problem))}", highlight=False, soft_wrap=True)
    if found.cases is None:
        why = "its policies cannot be loaded" if found.in_force else "none was in force before"
        OUT.print(f"no case was judged again: {why}")
        return
    cases = len({one.case_id for one in found.otherwise})
    OUT.print(f"{counted(found.cases, 'case')} judged again, {cases} otherwise", highlight=False)
    if found.otherwise:
        shown = found.otherwise[:MOST_SHOWN]
        headers = ("case", "step", "effect", "before", "after")
        OUT.print(listing(headers, (_row(one) for one in shown), ids=["case"]))
    if len(found.otherwise) > MOST_SHOWN:
        OUT.print(f"and {len(found.otherwise) - MOST_SHOWN} more verdicts (--json has all)")


def show_history(releases: Sequence[Release], zone: ZoneInfo) -> None:
    """Print the releases, the newest first."""
    rows = (
        (
            str(release.number),
            release.version,
            when(release.at, zone),
            escape(release.by),
            f"[yellow]{counted(len(release.problems), 'problem')}[/]" if release.anyway else "",
            escape(release.note),
            escape(_few(release.changes)),
        )
        for release in releases
    )
    headers = ("", "version", "since", "by", "anyway", "why", "changed")
    OUT.print(listing(headers, rows, ids=["version"]))


def comparison_json(found: "Comparison") -> dict[str, Any]:
    """Return a comparison whole, for scripts."""
    return {
        "in_force": found.in_force.model_dump(mode="json") if found.in_force else None,
        "version": found.version,
        "same": found.same,
        "files": found.files.model_dump(),
        "policies": found.policies.model_dump(),
        "problems": [problem.model_dump() for problem in found.problems],
        "tests": asdict(found.tests) if found.tests else None,
        "cases": found.cases,
        "otherwise": [asdict(one) for one in found.otherwise],
    }


def _because(release: Release) -> str:
    return f" ({escape(release.note)})" if release.note else ""


def _show_changes(what: str, found: Changes) -> None:
    for kind, colour, names in (
        ("added", "green", found.added),
        ("removed", "red", found.removed),
        ("changed", "yellow", found.changed),
    ):
        if names:
            OUT.print(
                f"{what} [{colour}]{kind}[/]: {escape(', '.join(names))}", highlight=False, soft_wrap=True
            )


def _few(found: Changes) -> str:
    """Return the changed files, or how many there are where a line is too short for them."""
    names = [*found.added, *found.removed, *found.changed]
    few = 3
    return found.words() if len(names) <= few else counted(len(names), "file")


def _row(one: "JudgedAgain") -> tuple[str, ...]:
    return one.case_id, one.step, escape(_effect(one)), _judgement(one.before), _judgement(one.after)


def _effect(one: "JudgedAgain") -> str:
    if not isinstance(one.effect, dict):
        return ""
    cents, currency = one.effect.get("amount_cents"), one.effect.get("currency")
    money = f" {money_text(cents, str(currency))}" if isinstance(cents, int) and cents and currency else ""
    return f"{one.effect.get('connector', '')}.{one.effect.get('operation', '')}{money}"


def _judgement(one: "Judgement") -> str:
    people = f" {one.needed} of {' → '.join(one.asks)}" if one.outcome == "ask" else ""
    by = ", ".join(one.policies) or "; ".join(one.errors)
    return f"{coloured(one.outcome)}{escape(people)} by {escape(by)}"


def _lines(found: Changes, before: Path | None, after: Path) -> Iterator[str]:
    """Yield a unified diff of the text files that differ."""
    for name in (*found.added, *found.removed, *found.changed):
        old, new = _text(before / name if before else None), _text(after / name)
        if old is None or new is None:
            yield f"{name}: not text"
            continue
        yield from difflib.unified_diff(old, new, f"in force/{name}", name, lineterm="")


def _text(file: Path | None) -> list[str] | None:
    """Return a file's lines, none for a file that is not there, None for one that is no text."""
    try:
        return read_text(file).splitlines() if file is not None and file.exists() else []
    except UnicodeDecodeError:
        return None

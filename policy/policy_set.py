"""An office's policies, staff and words, read from its folder."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.base import content_hash
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import parse_toml
from policy.facts import FactTypes, cedar_types, cedar_words, fact_defaults
from policy.schema import Vocabulary
from policy.source import Policy, read_policies
from policy.staff import Staff, read_staff

POLICIES = "policies"
FACTS_FILE = "facts.toml"


@dataclass(frozen=True)
class PolicySet:
    """What a folder holds, once it is known to be sound.

    Attributes:
        version: hash of what the policies say; comments and layout do not change it.
    """

    policies: tuple[Policy, ...]
    staff: Staff
    words: Vocabulary
    version: str


def read_policy_set(office: Path, fact_types: FactTypes) -> tuple[PolicySet, list[Problem]]:
    """Read an office's policies, staff and words, and say what is wrong with them.

    Args:
        office: the folder; policies in `policies/*.cedar`, people in `staff.toml`, operations in
            `connectors/*.toml`. A folder whose desks are not Kontor's declares their facts in
            `policies/facts.toml`.
        fact_types: what the policies of Kontor's own desks may read.
    """
    policies: list[Policy] = []
    problems: list[Problem] = []
    for path in sorted((office / POLICIES).glob("*.cedar")):
        found, wrong = read_policies(read_text(path), path.relative_to(office).as_posix())
        policies += found
        problems += wrong
    if not policies and not problems:
        problems.append(Problem(file=POLICIES, line=0, what="no policies: everything would be denied"))
    staff, wrong = _staff(office)
    facts, closed, declared, more = _declared(office)
    words = Vocabulary(
        facts={**{desk: cedar_types(model) for desk, model in fact_types.items()}, **facts},
        closed={**{desk: cedar_words(model) for desk, model in fact_types.items()}, **closed},
        operations=sorted({*_operations(office), *declared}),
        roles=tuple(staff.roles),
        defaults={desk: fact_defaults(model) for desk, model in fact_types.items()},
    )
    problems += [*wrong, *more, *_duplicates(policies), *_unknown_roles(policies, staff)]
    book = PolicySet(tuple(policies), staff, words, policies_version(policies))
    return book, problems


def policies_version(policies: Iterable[Policy]) -> str:
    """Return the hash of what the policies say, as 16 hex digits."""
    said: dict[str, object] = {policy.id: policy.tree for policy in policies}
    return content_hash(said)[:16]


def require_sound(problems: list[Problem]) -> None:
    """Raise `OfficeInvalid` with every problem, if there is one."""
    if problems:
        raise OfficeInvalid(problems)


def _staff(office: Path) -> tuple[Staff, list[Problem]]:
    path = office / "staff.toml"
    return read_staff(read_text(path)) if path.exists() else (Staff(), [])


def _declared(
    office: Path,
) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, list[str]]], list[str], list[Problem]]:
    """Return the facts, their words and the operations of `policies/facts.toml`, if there is one.

    A fact is declared by its Cedar type, or by the list of words it may hold.
    """
    path = office / POLICIES / FACTS_FILE
    if not path.exists():
        return {}, {}, [], []
    name = path.relative_to(office).as_posix()
    try:
        content = parse_toml(read_text(path), name)
    except OfficeInvalid as invalid:
        return {}, {}, [], invalid.problems
    desks = content.get("desks", {})
    facts = {
        desk: {fact: "String" if isinstance(kind, list) else str(kind) for fact, kind in kinds.items()}
        for desk, kinds in desks.items()
    }
    closed = {
        desk: {fact: kind for fact, kind in kinds.items() if isinstance(kind, list)}
        for desk, kinds in desks.items()
    }
    return facts, closed, [str(operation) for operation in content.get("operations", [])], []


def _operations(office: Path) -> Iterator[str]:
    """Yield the operations that the connectors' manifests name; a broken manifest is not our finding."""
    for path in sorted((office / "connectors").glob("*.toml")):
        try:
            operations = parse_toml(read_text(path), path.name).get("operations", {})
            yield from (name for name, each in operations.items() if each.get("effect") != "read")
        except OfficeInvalid:
            continue


def _duplicates(policies: list[Policy]) -> Iterator[Problem]:
    times = Counter(policy.id for policy in policies)
    seen: dict[str, Policy] = {}
    for policy in policies:
        if times[policy.id] > 1 and policy.id in seen:
            first = seen[policy.id]
            yield Problem(
                file=policy.file,
                line=policy.line,
                what=f"@id {policy.id!r} is taken",
                fix=f"it stands at {first.file}:{first.line} already",
            )
        seen.setdefault(policy.id, policy)


def _unknown_roles(policies: list[Policy], staff: Staff) -> Iterator[Problem]:
    for policy in policies:
        for role in policy.roles:
            if role not in staff.roles:
                yield Problem(
                    file=policy.file,
                    line=policy.line,
                    what=f"{policy.id} asks {role!r}, a role that staff.toml does not have",
                    fix=f"roles are: {', '.join(staff.roles) or 'none'}",
                )

"""The Cedar schema, generated: what exists to be named in a policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from policy.facts import ANSWER, EFFECT, PERSON, record

APPROVALS = "approvals"
QUESTIONS = ("do", "unattended")


@dataclass(frozen=True)
class Vocabulary:
    """Everything a policy may name.

    Attributes:
        facts: Cedar types of the facts by desk, then by name.
        closed: the words a fact may hold, by desk, then by name, where they are listed.
        defaults: what a fact is where a plan does not say it, by desk, then by name: a plan of an earlier
            version knows nothing of a newer fact.
        operations: the operations of the office's connectors.
        roles: the roles of `staff.toml`.
    """

    facts: Mapping[str, Mapping[str, str]]
    closed: Mapping[str, Mapping[str, Sequence[str]]]
    operations: Sequence[str]
    roles: Sequence[str]
    defaults: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)


def schema_text(words: Vocabulary) -> str:
    """Return the schema in Cedar's own syntax.

    A desk is a namespace, so that each desk's policies see that desk's facts: the questions are
    `DESK::Action::"do"` and `DESK::Action::"unattended"`, the principal is the desk, the
    resource is the operation. Operations, desks and roles are enumerated: a typo fails validation.
    """
    desks = [desk for desk in words.facts if desk != APPROVALS]
    parts = [
        _enumerated("Desk", desks),
        _enumerated("Operation", words.operations),
        _enumerated("Role", words.roles),
        f"entity Person in [Role] {record(PERSON)};",
    ]
    parts += [_desk(desk, words.facts[desk]) for desk in desks]
    parts.append(
        f'namespace {APPROVALS} {{\n  action "answer" appliesTo {{ principal: [Person], resource: [Desk], '
        f"context: {record(ANSWER)} }};\n}}"
    )
    return "\n".join(parts) + "\n"


def _enumerated(kind: str, words: Sequence[str]) -> str:
    listed = ", ".join(f'"{word}"' for word in words)
    return f"entity {kind} enum [{listed}];" if words else f"entity {kind};"


def _desk(desk: str, facts: Mapping[str, str]) -> str:
    lines = [f"    {name}: {kind}," for name, kind in facts.items() if name not in ("desk", "effect")]
    questions = ", ".join(f'"{question}"' for question in QUESTIONS)
    return "\n".join(
        [
            f"namespace {desk} {{",
            "  type Facts = {",
            "    desk: String,",
            *lines,
            f"    effect: {record(EFFECT)},",
            "  };",
            f"  action {questions} appliesTo {{ principal: [Desk], resource: [Operation], context: Facts }};",
            "}",
        ]
    )

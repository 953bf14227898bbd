"""Policy files as policies: each with its id, its reason, and the line it stands on."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import cedarpy

from contracts.office import Problem

_ORDERED = frozenset({"<", "<=", ">", ">="})
_COMPARES = _ORDERED | {"==", "!=", "contains"}
ANNOTATIONS = {"id", "reason", "roles", "needed", "bulk"}
_ID = re.compile(r"[a-z][a-z0-9_.-]*")
_TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|\n|[^\s;"/]+|[/"]', re.DOTALL)


@dataclass(frozen=True)
class Policy:
    """One policy of an office.

    Attributes:
        id: its `@id`, unique in the office.
        reason: its `@reason`, a sentence for the people it concerns.
        roles: its `@roles`: who is asked when this policy asks, then after each escalation.
        needed: its `@needed`: how many distinct people must agree when this policy asks.
        bulk: its `@bulk`: whether what it asks may be answered together with other questions.
        line: 1-based, where it begins in `file`.
        tree: Cedar's own JSON of the policy.
    """

    id: str
    reason: str
    effect: Literal["permit", "forbid"]
    file: str
    line: int
    text: str
    roles: tuple[str, ...] = ()
    needed: int = 1
    bulk: bool = True
    tree: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def concerns(self, action: tuple[str, str], resource: tuple[str, str]) -> bool:
        """Say whether the policy's head can match this question about this resource."""
        return _matches(self.tree["action"], action) and _matches(self.tree["resource"], resource)

    @property
    def facts_read(self) -> tuple[str, ...]:
        """The facts its conditions name, for instance `member_level` and `effect.amount_cents`."""
        return tuple(dict.fromkeys(_context_paths(self.tree.get("conditions", []))))

    @property
    def comparisons(self) -> tuple[tuple[str, str], ...]:
        """Each fact that a condition compares with a word, and that word."""
        return tuple(_compared_words(self.tree.get("conditions", [])))

    @property
    def limits(self) -> tuple[str, ...]:
        """The amounts that a condition compares with a number, or with what a person may answer for."""
        return tuple(dict.fromkeys(_limits(self.tree.get("conditions", []))))

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that its conditions name, and the person's own as `limit_currency`."""
        return tuple(dict.fromkeys(_currencies(self.tree.get("conditions", []))))

    @property
    def heads(self) -> tuple[str, ...]:
        """The actions it speaks of, as `namespace::question`; empty when it speaks of all."""
        entities = _entities(self.tree["action"])
        return tuple(f"{entity['type'].removesuffix('::Action')}::{entity['id']}" for entity in entities)


def read_policies(text: str, file: str) -> tuple[list[Policy], list[Problem]]:
    """Return the policies of one file, and what is wrong with it.

    Args:
        text: Cedar, any number of policies.
        file: the name problems are reported under.
    """
    policies: list[Policy] = []
    problems: list[Problem] = []
    for line, chunk in _statements(text):
        try:
            document = json.loads(cedarpy.policies_to_json_str(chunk))
        except ValueError as error:
            problems.append(Problem(file=file, line=line, what=f"not a Cedar policy: {error}"))
            continue
        if document["templates"]:
            problems.append(
                Problem(file=file, line=line, what="a template decides nothing", fix="write the policy out")
            )
            continue
        for tree in document["staticPolicies"].values():
            wrong = list(_annotation_problems(tree, file, line))
            problems += wrong
            if not wrong:
                policies.append(_policy(tree, file, line, chunk))
    return policies, problems


def _policy(tree: dict[str, Any], file: str, line: int, text: str) -> Policy:
    notes = tree["annotations"]
    return Policy(
        id=notes["id"],
        reason=notes["reason"],
        effect=tree["effect"],
        file=file,
        line=line,
        text=text.strip(),
        roles=tuple(notes.get("roles", "").replace(",", " ").split()),
        needed=int(notes.get("needed", "1")),
        bulk=notes.get("bulk") != "no",
        tree=tree,
    )


def _annotation_problems(tree: dict[str, Any], file: str, line: int) -> Iterator[Problem]:
    notes = tree.get("annotations", {})
    if not notes.get("id"):
        yield Problem(file=file, line=line, what="a policy without @id", fix='write @id("desk.what-it-does")')
    elif not _ID.fullmatch(notes["id"]):
        yield Problem(
            file=file, line=line, what=f"@id {notes['id']!r}", fix="use small letters, digits and ._- only"
        )
    if not (notes.get("reason") or "").strip():
        yield Problem(
            file=file, line=line, what="a policy without @reason", fix="say in a sentence why, for a person"
        )
    for name in sorted(notes.keys() - ANNOTATIONS):
        yield Problem(
            file=file, line=line, what=f"unknown annotation @{name}", fix=f"known are {sorted(ANNOTATIONS)}"
        )
    if not re.fullmatch(r"[1-9]", notes.get("needed", "1")):
        yield Problem(
            file=file, line=line, what="@needed is not a number of people", fix='write @needed("2")'
        )
    if notes.get("bulk", "no") != "no":
        yield Problem(
            file=file,
            line=line,
            what="@bulk is not no",
            fix='write @bulk("no"), or leave it out where several answers may be given at once',
        )
    if not _entities(tree["action"]):
        yield Problem(
            file=file,
            line=line,
            what="the policy does not say which question it answers",
            fix='write action == DESK::Action::"do" or "unattended"',
        )


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each policy with the 1-based line it begins on; strings and comments hide semicolons."""
    line, start, begin_line = 1, 0, 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word == "\n":
            line += 1
            continue
        if word.startswith("//"):
            continue
        begin_line = begin_line or line
        line += word.count("\n")
        if word == ";":
            yield begin_line, text[start : token.end()]
            start, begin_line = token.end(), 0
    if begin_line:
        yield begin_line, text[start:]


def _entities(constraint: dict[str, Any]) -> list[dict[str, str]]:
    if "entities" in constraint:
        return list(constraint["entities"])
    return [constraint["entity"]] if "entity" in constraint else []


def _matches(constraint: dict[str, Any], entity: tuple[str, str]) -> bool:
    """Say whether a head's constraint can hold; entities here have no parents, so `in` is `==`."""
    if constraint["op"] == "All":
        return True
    if constraint["op"] == "is":
        return bool(constraint["entity_type"] == entity[0])
    return any((each["type"], each["id"]) == entity for each in _entities(constraint))


def _context_paths(node: Any) -> Iterator[str]:
    """Yield the paths below `context` that a condition reads, longest form only."""
    if isinstance(node, list):
        for each in node:
            yield from _context_paths(each)
    elif isinstance(node, dict):
        for operator in (".", "has"):
            if operator in node and (path := _path(node[operator])):
                yield path
                return
        for each in node.values():
            yield from _context_paths(each)


def _compared_words(node: Any) -> Iterator[tuple[str, str]]:
    """Yield `("member_level", "gold")` for `context.member_level == "gold"` and for `[…].contains(…)`."""
    if isinstance(node, list):
        for each in node:
            yield from _compared_words(each)
    elif isinstance(node, dict):
        for operator in ("==", "!=", "contains"):
            if operator in node:
                left, right = node[operator]["left"], node[operator]["right"]
                yield from _fact_and_words(left, right)
                yield from _fact_and_words(right, left)
        for each in node.values():
            yield from _compared_words(each)


def _limits(node: Any) -> Iterator[str]:
    """Yield `amount_cents` for `context.amount_cents > 15000`; what is compared with nothing is no limit."""
    for operator, left, right in _compared(node):
        for side, other in ((left, right), (right, left)) if operator in _ORDERED else ():
            number = other.get("Value")
            fixed = isinstance(number, int) and not isinstance(number, bool) and number != 0
            if fixed or _attribute(other, "principal") == "limit_cents":
                yield from (path for path in _context_paths(side) if path.endswith("_cents"))


def _currencies(node: Any) -> Iterator[str]:
    """Yield `EUR` for `context.effect.currency == "EUR"` and for `["EUR"].contains(…)`."""
    for _, left, right in _compared(node):
        for side, other in ((left, right), (right, left)):
            path = _path(side["."]) if "." in side else ""
            if path.rpartition(".")[2] == "currency":
                yield from (value["Value"] for value in other.get("Set", [other]) if "Value" in value)
                if _attribute(other, "principal") == "limit_currency":
                    yield "limit_currency"


def _compared(node: Any) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield every comparison below a node: its operator and its two sides."""
    if isinstance(node, list):
        for each in node:
            yield from _compared(each)
    elif isinstance(node, dict):
        for operator, sides in node.items():
            if operator in _COMPARES and isinstance(sides, dict) and "left" in sides:
                yield operator, sides["left"], sides["right"]
            yield from _compared(sides)


def _attribute(side: dict[str, Any], variable: str) -> str:
    """Return `limit_cents` for `principal.limit_cents`; empty for anything else."""
    access = side.get(".", {})
    return str(access["attr"]) if access.get("left") == {"Var": variable} else ""


def _fact_and_words(side: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, str]]:
    path = _path(side["."]) if "." in side else ""
    values = other.get("Set", [other])
    for value in values if path else []:
        if isinstance(value.get("Value"), str):
            yield path, value["Value"]


def _path(access: dict[str, Any]) -> str:
    left = access["left"]
    if left == {"Var": "context"}:
        return str(access["attr"])
    below = _path(left["."]) if "." in left else ""
    return f"{below}.{access['attr']}" if below else ""

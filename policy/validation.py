"""Do the policies fit the schema?"""

from collections.abc import Iterator

import cedarpy

from contracts.problem import Problem
from policy.book import PolicyBook
from policy.schema import Vocabulary, schema_text
from policy.source import Policy


def validate(book: PolicyBook) -> list[Problem]:
    """Return where policies do not fit the schema: facts, operations, desks or roles unknown."""
    try:
        schema = cedarpy.Schema.from_str(schema_text(book.words))
    except ValueError as error:
        return [Problem(file="policies/facts.toml", line=0, what=f"the facts make no schema: {error}")]
    return [
        problem
        for policy in book.policies
        for problem in (*_misfits(policy, schema), *_unknown_words(policy, book.words))
    ]


def _unknown_words(policy: Policy, words: Vocabulary) -> Iterator[Problem]:
    """Yield where a fact is compared with a word it never holds: Cedar has no closed strings."""
    for desk in dict.fromkeys(head.rsplit("::", 1)[0] for head in policy.heads):
        closed = words.closed.get(desk, {})
        for fact, word in policy.comparisons:
            if fact in closed and word not in closed[fact]:
                yield Problem(
                    file=policy.file,
                    line=policy.line,
                    what=f"{policy.id}: {fact} is never {word!r}",
                    fix=f"it is one of {', '.join(closed[fact])}",
                )


def _misfits(policy: Policy, schema: cedarpy.Schema) -> list[Problem]:
    result = cedarpy.validate_policies(policy.text, schema)
    return [
        Problem(
            file=policy.file,
            line=policy.line,
            what=f"{policy.id}: {_plain(finding.error)}",
            fix="`kontor policy schema` lists what can be named",
        )
        for finding in result.errors
    ]


def _plain(error: str) -> str:
    """Take Cedar's positional name out of its message: the policy's id stands before it already."""
    return error.replace("for policy `policy0`, ", "").replace("for policy `policy0`: ", "")

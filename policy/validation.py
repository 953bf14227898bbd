"""Do the policies fit the schema?"""

from collections.abc import Iterator

import cedarpy

from contracts.money import minor_digits
from contracts.office import Problem
from policy.policy_set import PolicySet
from policy.schema import Vocabulary, schema_text
from policy.source import Policy

_NAME_IT = {
    "": 'add context.effect.currency == "EUR" &&, and let another policy ask where it is not',
    "limit_currency": "add context.currency == principal.limit_currency &&",
}


def validate(book: PolicySet) -> list[Problem]:
    """Return where policies do not fit the schema: facts, operations, desks or roles unknown."""
    try:
        schema = cedarpy.Schema.from_str(schema_text(book.words))
    except ValueError as error:
        return [Problem(file="policies/facts.toml", line=0, what=f"the facts make no schema: {error}")]
    return [
        problem
        for policy in book.policies
        for problem in (
            *_misfits(policy, schema),
            *_unknown_words(policy, book.words),
            *_unknown_currencies(policy),
        )
    ]


def limits_without_currency(book: PolicySet) -> list[Problem]:
    """Return the policies that compare an amount with a number and name no currency.

    15000 is 150.00 EUR, 15000 JPY and 15.000 KWD. It is for `kontor check` to say: an office that was
    written before goes on as it did.
    """
    return [
        Problem(
            file=policy.file,
            line=policy.line,
            what=f"{policy.id}: a limit on {', '.join(policy.limits)} names no currency",
            fix=_NAME_IT.get("limit_currency" if "principal" in policy.text else "", _NAME_IT[""]),
        )
        for policy in book.policies
        if policy.limits and not policy.currencies
    ]


def _unknown_currencies(policy: Policy) -> Iterator[Problem]:
    for currency in policy.currencies:
        try:
            minor_digits("EUR" if currency in ("", "limit_currency") else currency)
        except ValueError as unknown:
            yield Problem(file=policy.file, line=policy.line, what=f"{policy.id}: {unknown}")


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

"""One question put to Cedar, over only those policies whose heads can match it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import cedarpy

from contracts.authorization import PolicyReason
from policy.source import Policy

NOBODY = cedarpy.Entities.from_json_str("[]")
"""Desks and operations are enumerated in the schema and have no attributes: there is nothing to add."""


@dataclass(frozen=True)
class Ruling:
    """Cedar's answer to one question.

    Attributes:
        reasons: ids of the policies that determined it; none when nothing permitted it.
        beaten: ids of the permits that a forbid overruled.
        errors: what could not be evaluated, in Cedar's words.
    """

    allowed: bool
    reasons: tuple[str, ...] = ()
    beaten: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class _Slice:
    """The policies that can match one question; each set is parsed when it is first needed."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = policies

    @cached_property
    def everything(self) -> cedarpy.PolicySet:
        return _parsed(self._policies)

    @cached_property
    def permits(self) -> cedarpy.PolicySet:
        return _parsed(policy for policy in self._policies if policy.effect == "permit")


class PolicyIndex:
    """The policies, parsed once for each question and operation they can match.

    Leaving out a policy whose head cannot match changes no answer: Cedar evaluates the head first
    and such a policy is neither satisfied nor in error. It is what keeps 500 policies fast.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        """Keep the policies; slices are made when a question is first asked."""
        self._policies = policies
        self._by_question: dict[tuple[tuple[str, str], tuple[str, str]], _Slice] = {}

    def rule(
        self,
        request: dict[str, Any],
        action: tuple[str, str],
        resource: tuple[str, str],
        entities: cedarpy.Entities,
        schema: cedarpy.Schema,
    ) -> Ruling:
        """Put the request to Cedar; a request that does not fit the schema is an error."""
        pieces = self._slice(action, resource)
        answer = cedarpy.is_authorized(request, pieces.everything, entities, schema)
        errors = tuple(answer.diagnostics.errors)
        why = tuple(sorted(answer.diagnostics.reasons))
        if answer.allowed or not why or errors:
            return Ruling(allowed=answer.allowed, reasons=why, errors=errors)
        beaten = cedarpy.is_authorized(request, pieces.permits, entities, schema).diagnostics.reasons
        return Ruling(allowed=False, reasons=why, beaten=tuple(sorted(beaten)))

    def _slice(self, action: tuple[str, str], resource: tuple[str, str]) -> _Slice:
        key = (action, resource)
        if key not in self._by_question:
            fitting = [policy for policy in self._policies if policy.concerns(action, resource)]
            self._by_question[key] = _Slice(fitting)
        return self._by_question[key]


def reasons(
    policies: Mapping[str, Policy], ids: Iterable[str], question: Literal["do", "unattended"]
) -> tuple[PolicyReason, ...]:
    """Return the policies of these ids as reasons for a person."""
    return tuple(
        PolicyReason(
            id=policies[id].id,
            reason=policies[id].reason,
            effect=policies[id].effect,
            question=question,
            reads=policies[id].facts_read,
            bulk=policies[id].bulk,
        )
        for id in ids
    )


def _parsed(policies: Iterable[Policy]) -> cedarpy.PolicySet:
    """Parse under our own ids, so that Cedar's diagnostics speak of `@id` and not of `policy0`."""
    trees = {policy.id: policy.tree for policy in policies}
    return cedarpy.PolicySet.from_json_str(
        json.dumps({"staticPolicies": trees, "templates": {}, "templateLinks": []})
    )

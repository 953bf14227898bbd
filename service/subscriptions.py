"""Do an office's subscriptions fit its desks and its channels? Part of what `kontor check` says."""

import os
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from connectors.manifest import read_manifests
from connectors.subscriptions.files import SubscriptionsFile
from contracts.connector import Manifest
from contracts.office import Problem
from contracts.source import OF_SOURCES
from contracts.subscription import FollowingRule
from memory.authoritative.staff_episodes import OF_STAFF
from service.sources import fields_that_lack, unknown_fields
from workflows.registry import DESKS, KERNEL_NAMESPACES


def check_subscriptions(office: Path) -> Iterator[Problem]:
    """Yield what is wrong with the subscriptions: in their file, and against desks and channels."""
    file = SubscriptionsFile(office)
    yield from file.problems
    if not file.subscriptions:
        return
    manifests = {found.manifest.name: found.manifest for found in read_manifests(office, os.environ)[0]}
    known = [*DESKS, *(each.name for each in KERNEL_NAMESPACES), OF_STAFF, OF_SOURCES]
    for name, subscription in file.subscriptions.items():
        for desk in subscription.desks:
            if desk not in known:
                fix = f"there are: {', '.join(known)}"
                yield file.problem((name, "desks"), f"there is no desk {desk!r}", fix)
        if subscription.case is not None:
            yield from _check_case(file, name, subscription.case, manifests)
    yield from _check_circles(file)


def _check_case(
    file: SubscriptionsFile, name: str, rule: FollowingRule, manifests: Mapping[str, Manifest]
) -> Iterator[Problem]:
    """Yield why a desk could do nothing about what it hears."""
    at, desk, manifest = (name, "case"), DESKS.get(rule.desk), manifests.get(rule.channel)
    if manifest is None:
        fix = f"connectors are: {', '.join(sorted(manifests))}"
        yield file.problem((*at, "channel"), f"there is no connector {rule.channel!r}", fix)
    if desk is None:
        yield file.problem((*at, "desk"), f"there is no desk {rule.desk!r}", f"desks are: {', '.join(DESKS)}")
        return
    if manifest is not None and not desk.sources(manifest):
        what = f"the desk {desk.name} takes no requests from {manifest.name}"
        yield file.problem((*at, "channel"), what, "name another channel, or another desk")
    for table in ("request", "where"):
        for field in unknown_fields(getattr(rule, table), desk):
            fix = f"fields are: {', '.join(desk.request.model_fields)}"
            yield file.problem((*at, table, field), f"a request has no field {field!r}", fix)
    if rule.request and (missing := fields_that_lack(rule.request, desk)):
        fix = "say where each stands, in JMESPath over case, desk, kind and details"
        yield file.problem((*at, "request"), f"without {', '.join(missing)}", fix)


def _check_circles(file: SubscriptionsFile) -> Iterator[Problem]:
    """Yield where desks begin each other's cases in a circle: such a chain of cases would have no end."""
    order = TopologicalSorter[str]()
    named = {}
    for name, each in file.subscriptions.items():
        if each.case is not None and each.case.request:
            order.add(each.case.desk, *each.desks)
            named[each.case.desk] = name
    try:
        order.prepare()
    except CycleError as error:
        circle = error.args[1]
        what = f"cases would begin cases without an end: {' → '.join(circle)}"
        yield file.problem((named[circle[0]], "desks"), what, "let one of them be a signal, or take it out")

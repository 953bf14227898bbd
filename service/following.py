"""Desks hear of each other: an episode of one begins another one's case, or is a hint to its cases.

It comes as an event like any other, by way of the log; its facts are read again where they stand.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from connectors.sources.reading import data_of
from contracts.event import EventRecord
from contracts.subscription import SOURCE_PREFIX, FollowingRule
from service.event_cases import Poisoned

if TYPE_CHECKING:
    from bootstrap.installation import Installation


def following_rule(kontor: "Installation", event: EventRecord) -> tuple[FollowingRule, str]:
    """Return what a desk does about another one's episode, and the channel that it is about.

    Raises:
        Poisoned: the office says nothing of it any more.
    """
    name = event.source.removeprefix(SOURCE_PREFIX)
    subscription = kontor.subscriptions.get(name)
    if subscription is None or subscription.case is None:
        raise Poisoned(f"subscriptions.toml has no [{name}] with a case any more")
    return subscription.case, subscription.case.channel


async def facts_of(kontor: "Installation", event: EventRecord) -> dict[str, Any]:
    """Return the event's data with the case that it is about, as our books have it now.

    Raises:
        ValueError: its body cannot be read.
    """
    data = data_of(event)
    if not isinstance(data, dict):
        raise ValueError("it is no episode")
    case_id = str(data.get("case", ""))
    record = await asyncio.to_thread(kontor.cases.find, case_id)
    return data | {"case": record.model_dump(mode="json") if record else None}

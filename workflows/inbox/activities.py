"""What the inbox desk asks of its own office: a mail's way, its clock, and where the case stands it began."""

import asyncio
from typing import Protocol

from temporalio import activity

from workflows.inbox.clock.events import ClockReading
from workflows.inbox.types import BegunCase, ClockQuery, Route, RouteQuery
from workflows.inbox.words import WordQuery


class InboxOffice(Protocol):
    """The office, as the inbox desk asks it."""

    def route(self, query: RouteQuery) -> Route:
        """Return where a mail goes."""

    def may(self, query: WordQuery) -> str:
        """Say why a person may not act on what these roles are asked; empty if they may."""

    def clock(self, query: ClockQuery) -> ClockReading:
        """Return what is promised and used, now."""

    def standing(self, key: str) -> BegunCase:
        """Return where the case stands that an effect began."""


class InboxActivities:
    """Reads of our own files and books; nothing outside is asked."""

    def __init__(self, office: InboxOffice) -> None:
        """Keep the office."""
        self._office = office

    @activity.defn(name="inbox.route")
    async def route(self, query: RouteQuery) -> Route:
        """Return where a mail goes."""
        return await asyncio.to_thread(self._office.route, query)

    @activity.defn(name="inbox.may")
    async def may(self, query: WordQuery) -> str:
        """Say why a person may not act on what these roles are asked; empty if they may."""
        return await asyncio.to_thread(self._office.may, query)

    @activity.defn(name="inbox.clock")
    async def clock(self, query: ClockQuery) -> ClockReading:
        """Return what is promised and used, now."""
        return await asyncio.to_thread(self._office.clock, query)

    @activity.defn(name="inbox.standing")
    async def standing(self, key: str) -> BegunCase:
        """Return where the case stands that an effect began."""
        return await asyncio.to_thread(self._office.standing, key)

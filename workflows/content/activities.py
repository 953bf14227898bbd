"""What the content desk asks: its channels, what they take and what stands there; sources, what they say."""

from typing import Protocol

from temporalio import activity

from workflows.content.types import (
    CheckedDraft,
    ClaimsQuery,
    ContentVariant,
    PageFound,
    PageQuery,
    VariantQuery,
)


class Channels(Protocol):
    """The office's channels, as the content desk asks them."""

    def variant(self, query: VariantQuery) -> ContentVariant:
        """Return what a channel is given, judged by its manifest."""

    async def page(self, query: PageQuery) -> PageFound:
        """Read a public page, and compare it with what was published; raises ApplicationError."""


class DraftCheck(Protocol):
    """What compares a draft's claims with sources."""

    async def check(self, query: ClaimsQuery) -> CheckedDraft:
        """Say of each claim what the sources say."""


class ChannelActivities:
    """Questions to the channels; nothing there is changed."""

    def __init__(self, channels: Channels) -> None:
        """Keep the channels."""
        self._channels = channels

    @activity.defn(name="content.variant")
    async def variant(self, query: VariantQuery) -> ContentVariant:
        """Return what a channel is given, judged by its manifest; nothing is sent."""
        return self._channels.variant(query)

    @activity.defn(name="content.page")
    async def page(self, query: PageQuery) -> PageFound:
        """Read a public page, as everybody sees it, and compare it with what was published.

        Raises:
            ApplicationError: the channel gave no answer; it is asked again.
        """
        return await self._channels.page(query)


class ClaimActivities:
    """A draft against the sources it came with; no model judges."""

    def __init__(self, drafts: DraftCheck) -> None:
        """Keep what compares."""
        self._drafts = drafts

    @activity.defn(name="content.check")
    async def check(self, query: ClaimsQuery) -> CheckedDraft:
        """Say of each claim what the sources say."""
        return await self._drafts.check(query)

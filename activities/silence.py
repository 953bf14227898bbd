"""Sources that say nothing: looked at, and what they told of fetched where they list it."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from activities.errors import classify, to_application_error
from activities.ports import Manifests, SourceWatch
from contracts.event import MissedPage, MissedQuery, SilenceLook
from contracts.failure import CallFailed


class SilenceActivities:
    """Looks at sources, and fetches what was missed; either twice does it once."""

    def __init__(self, watch: SourceWatch, outside: Manifests, clock: Callable[[], datetime]) -> None:
        """Keep the doors.

        Args:
            watch: knows the office's sources.
            outside: the office's connectors.
            clock: the moment, aware, in UTC.
        """
        self._watch = watch
        self._outside = outside
        self._clock = clock

    @activity.defn(name="sources.look")
    async def look(self, source: str) -> SilenceLook:
        """Say whether a source is silent, and where what it told of is listed."""
        return await self._watch.look(source, self._clock())

    @activity.defn(name="sources.fetch")
    async def fetch(self, query: MissedQuery) -> MissedPage:
        """Keep a page of what a source lists and we do not have; for its connector's task queue.

        Raises:
            ApplicationError: the system did not answer, or not as its manifest says.
        """
        try:
            return await self._watch.fetch(query, self._clock())
        except CallFailed as failed:
            connector, operation = self._watch.listing_of(query.source)
            manifest = self._outside.manifest(connector)
            raise to_application_error(failed, classify(manifest, operation, failed)) from failed

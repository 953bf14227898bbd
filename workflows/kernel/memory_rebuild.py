"""Building the vectors anew with another embedder, while recall goes on with the old ones."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.memory import CollectionName, CompareOrder, RebuildActivities, RebuildStart
    from contracts.ids import MEMORY_QUEUE
    from contracts.memory import Rebuild, Rebuilt, RecallComparison
    from workflows.kernel import options

WORKFLOW_ID = "memory/rebuild"
"""Only one at a time: a second start joins the first or is refused by Temporal."""


@workflow.defn(name="MemoryRebuildWorkflow")
class MemoryRebuildWorkflow:
    """Begin, copy, compare, switch; what is left to copy stands in SQL, so any step may be repeated."""

    @workflow.init
    def __init__(self, request: Rebuild) -> None:
        """Prepare the progress that the query and the Web UI show."""
        self._progress = "beginning"

    @workflow.run
    async def run(self, request: Rebuild) -> Rebuilt:
        """Build and switch, or switch back; return how it ended."""
        if request.back:
            return await self._go_back()
        begun = await workflow.execute_activity_method(
            RebuildActivities.begin, RebuildStart(embedder=request.embedder), **_told("begin a collection")
        )
        collection = CollectionName(name=begun.collection)
        await self._copy(collection, begun.left)
        comparison = await workflow.execute_activity_method(
            RebuildActivities.compare,
            CompareOrder(collection=collection.name, sample=request.sample),
            **_told(f"compare recall on {request.sample} memories"),
        )
        if comparison.at5 < request.least * comparison.old_at5:
            return self._end(collection, None, begun.left, comparison)
        previous = await self._switch(collection)
        return self._end(collection, previous, begun.left, comparison)

    @workflow.query
    def progress(self) -> str:
        """Say how far it is."""
        return self._progress

    async def _copy(self, collection: CollectionName, left: int) -> None:
        """Copy until nothing is left; recall goes on with the collection it has."""
        while left:
            self._tell(f"{left} memories left to embed for {collection.name}")
            left = await workflow.execute_activity_method(
                RebuildActivities.copy, collection, **_told(f"embed; {left} left")
            )

    async def _switch(self, collection: CollectionName) -> str | None:
        self._tell(f"switching to {collection.name}")
        previous = await workflow.execute_activity_method(
            RebuildActivities.switch, collection, **_told(f"switch to {collection.name}")
        )
        return previous.name or None

    async def _go_back(self) -> Rebuilt:
        before = await workflow.execute_activity_method(
            RebuildActivities.previous, **_told("find the collection before")
        )
        if not before.name:
            return Rebuilt(collection="", previous=None, vectors=0, switched=False)
        # What was written since is still missing there; the switch writes it first.
        previous = await self._switch(before)
        return self._end(before, previous, 0, None)

    def _end(
        self,
        collection: CollectionName,
        previous: str | None,
        written: int,
        comparison: RecallComparison | None,
    ) -> Rebuilt:
        switched = previous is not None
        self._tell(f"{'switched to' if switched else 'not switched to'} {collection.name}")
        return Rebuilt(
            collection=collection.name,
            previous=previous,
            vectors=written,
            switched=switched,
            comparison=comparison,
        )

    def _tell(self, progress: str) -> None:
        self._progress = progress
        workflow.set_current_details(progress)


def _told(summary: str) -> workflow.ActivityConfig:
    return options.with_summary(options.REBUILD, summary, MEMORY_QUEUE)

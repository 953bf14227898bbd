"""Activities that run beside a workflow: how one that is not served here says so."""

from collections.abc import Sequence

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

ELSEWHERE = "ServedElsewhere"


def runs_beside() -> bool:
    """Say whether this code runs in a local activity: once, and without the queue's rate limit."""
    return activity.in_activity() and activity.info().is_local


@activity.defn(dynamic=True)
async def elsewhere(_given: Sequence[RawValue]) -> None:
    """Answer for every activity that this process does not serve.

    A case goes on under a worker with other roles than the one it was opened under. Without this, its
    workflow could not even be replayed there: the SDK refuses to schedule, and so to replay, a local
    activity whose type it does not know.

    Raises:
        ApplicationError: always; final beside a workflow, so that the queue is asked at once.
    """
    info = activity.info()
    raise ApplicationError(
        f"{info.activity_type} is not served by this process", type=ELSEWHERE, non_retryable=info.is_local
    )

"""The one table of timeouts and retries: who may wait how long, and who tries again.

Nothing below Temporal retries: clients have their retries off, so what stands here is all there is.
"""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

MAX_SUMMARY_CHARS = 200

FINAL_ERRORS = ["NotAppliedFinal", "PermitRefused", "OfficeInvalid"]
"""Application error types that no retry can mend; `activities/errors.py` raises them."""

_PATIENT = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    non_retryable_error_types=FINAL_ERRORS,
)

BOOKS = ActivityConfig(start_to_close_timeout=timedelta(seconds=30), retry_policy=_PATIENT)
"""Our own SQL: it comes back, so it is tried until it does."""

QUICK_BOOKS = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=30),
    local_retry_threshold=timedelta(seconds=10),
    retry_policy=_PATIENT,
)
"""One short transaction of ours, run beside the workflow: half the server's work of an activity."""

READ = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    schedule_to_close_timeout=timedelta(days=7),
    retry_policy=_PATIENT,
)
"""A question to an outside system: harmless to repeat, so one lost with its worker is asked again soon;
a system that is down over a long weekend is waited for."""

MODEL = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=120),
    schedule_to_close_timeout=timedelta(minutes=15),
    retry_policy=_PATIENT,
)
"""A decision: when no model answers within a quarter of an hour, a person is asked."""

SECOND_ZONE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=60),
    schedule_to_close_timeout=timedelta(minutes=2),
    retry_policy=_PATIENT,
)
"""The second vote on a critical answer: a zone that is down for two minutes leaves it to a person."""

BATCH = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=3),
    schedule_to_close_timeout=timedelta(hours=12),
    retry_policy=_PATIENT,
)
"""A word with a provider about a batch job, which is not in a hurry."""

RECALL = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    schedule_to_close_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3),
)
"""Memory helps a decision but never holds one up."""

REBUILD = ActivityConfig(
    start_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200),
        maximum_interval=timedelta(seconds=30),
        non_retryable_error_types=["LookupError", "WeightsRefused", "EmbedderMismatch", "NothingToSwitchTo"],
    ),
)
"""A long step of memory's own: it heartbeats, and goes on where it stood after a crash."""

EFFECT = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=120),
    heartbeat_timeout=timedelta(seconds=10),
    schedule_to_close_timeout=timedelta(days=3),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(minutes=1),
        non_retryable_error_types=FINAL_ERRORS,
    ),
)
"""One change outside: pursued over a weekend, then it is `failed` or `unknown`, and a person's."""


LISTING = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=60),
    schedule_to_close_timeout=timedelta(minutes=5),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=6),
)
"""A page of an outside listing: a system that is down for some seconds is left for the next run."""

PURSUE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=120),
    heartbeat_timeout=timedelta(seconds=10),
    schedule_to_close_timeout=timedelta(minutes=10),
    retry_policy=EFFECT.get("retry_policy"),
)
"""An unknown effect taken up again by the reconciler: long enough for a look-up to prove absence."""


def told(config: ActivityConfig, summary: str, queue: str | None = None) -> ActivityConfig:
    """Return the options with a line for the Web UI, cut to what it shows, and a task queue."""
    line: ActivityConfig = {**config, "summary": summary[:MAX_SUMMARY_CHARS]}
    return {**line, "task_queue": queue} if queue else line

"""The one table of timeouts and retries: who may wait how long, and who tries again.

Nothing below Temporal retries: clients have their retries off, so what stands here is all there is.
"""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

MAX_SUMMARY_CHARS = 200

FINAL_ERRORS = ["NotAppliedFinal", "PermitRefused", "OfficeInvalid"]
"""Application error types that no retry can mend; `activities/errors.py` raises them."""
UNFIT = [
    "ValueError",
    "OverflowError",
    "UnicodeEncodeError",
    "RecursionError",
    "DataError",
    "StatementError",
]
"""What our own code or the database raises at a value that it will never take: names of exceptions."""
MOST_TRIES = 20_000
"""How often our own records are tried: at one try in half a minute, a week in which nothing helped. Tries
are counted, not hours: an office that was switched off for a month goes on where it stood."""
BOOKS_PATIENCE = timedelta(minutes=2)
"""How long what must act anyway (a deadline, a withdrawal, a cancellation) waits for our own records."""

_PATIENT = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    non_retryable_error_types=FINAL_ERRORS,
)

_RECORDS = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=MOST_TRIES,
    non_retryable_error_types=[*FINAL_ERRORS, *UNFIT],
)

DATABASE = ActivityConfig(start_to_close_timeout=timedelta(seconds=30), retry_policy=_RECORDS)
"""Our own SQL: it comes back, so it is tried until it does; what it will never take is not."""

PROMPT = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=BOOKS_PATIENCE,
    retry_policy=_RECORDS,
)
"""Our own SQL, for a step that the case goes on without."""

ONE_TRY = LocalActivityConfig(
    schedule_to_close_timeout=timedelta(seconds=8), retry_policy=RetryPolicy(maximum_attempts=1)
)
"""One try beside the workflow, shorter than a workflow task; then the step's queue pursues it."""

READ = ActivityConfig(start_to_close_timeout=timedelta(seconds=20), retry_policy=_PATIENT)
"""A question to an outside system: harmless to repeat, so one lost with its worker is asked again soon.
How long it is asked says who asks (`outside_reads.py`)."""

LOOK = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    schedule_to_close_timeout=timedelta(minutes=5),
    retry_policy=_PATIENT,
)
"""The same question again while people think: what does not answer now is asked at the next look."""

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

SECOND_LOOK = ActivityConfig(
    start_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(hours=4),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=4),
)
"""A listing read from its beginning once more, at the rate that its system allows."""

STATEMENTS = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(minutes=30),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=4),
)
"""A page of orders read one by one; what does not answer now is read by the next run."""

WATCH = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=5),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=5),
)
"""A page of cases looked up at the server; what cannot be looked up now is looked up by the next run."""

EVENTS = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=_PATIENT,
)
"""A page of events: what stops it is a server of ours that is away, and what was done stays done."""

RETRY_EFFECT = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=120),
    heartbeat_timeout=timedelta(seconds=10),
    schedule_to_close_timeout=timedelta(minutes=10),
    retry_policy=EFFECT.get("retry_policy"),
)
"""An unknown effect taken up again by the reconciler: long enough for a look-up to prove absence."""


def with_summary(config: ActivityConfig, summary: str, queue: str | None = None) -> ActivityConfig:
    """Return the options with a line for the Web UI, cut to what it shows, and a task queue."""
    line: ActivityConfig = {**config, "summary": summary[:MAX_SUMMARY_CHARS]}
    return {**line, "task_queue": queue} if queue else line

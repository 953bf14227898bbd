"""What a worker logs while real activities fail on a real server: a line for each event, and no more."""

import io
import json
import logging
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.errors import to_application_error
from benchmarks.environment import free_port
from contracts.failure import CallFailed, FailureClass
from logs import is_expected, log_handler

LOST = "no answer within 5 s"


@activity.defn(name="expected")
async def expected() -> None:
    if activity.info().attempt < 3:
        try:
            raise CallFailed(LOST, exception="ReadTimeout")
        except CallFailed as lost:
            raise to_application_error(lost, FailureClass.AMBIGUOUS) from lost


@activity.defn(name="surprise")
async def surprise() -> None:
    activity.logger.info("I write to anna.meier@example.com")
    raise ZeroDivisionError("call 0171 2345678 about\nthis")


@workflow.defn(name="logging", sandboxed=False)
class Logging:
    @workflow.run
    async def run(self, name: str) -> None:
        policy = RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=3)
        if name == "surprise":
            policy = RetryPolicy(maximum_attempts=1)
        await workflow.execute_activity(
            name, start_to_close_timeout=timedelta(seconds=5), retry_policy=policy
        )


@contextmanager
def logging_to(style: Literal["text", "json"]) -> Iterator[io.StringIO]:
    """What `start_logs` sets for the process, for the SDK's loggers and a while."""
    written, logger = io.StringIO(), logging.getLogger("temporalio")
    handler, level = log_handler(style, written), logger.level
    activity.logger.activity_info_on_message = False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.setLevel(level)
    logger.removeHandler(handler)
    activity.logger.activity_info_on_message = True


async def run(temporal: Client, name: str) -> str:
    case_id = f"test/logs/{uuid.uuid4()}"
    queue = f"logs-{uuid.uuid4()}"
    async with Worker(temporal, task_queue=queue, workflows=[Logging], activities=[expected, surprise]):
        await temporal.execute_workflow("logging", name, id=case_id, task_queue=queue)
    return case_id


async def test_a_lost_answer_that_is_asked_for_again_is_one_line_with_case_step_and_attempt(
    temporal: Client,
) -> None:
    with logging_to("text") as written:
        case_id = await run(temporal, "expected")

    told = [line for line in written.getvalue().splitlines() if "WARNING" in line]
    assert [line.partition("temporalio.activity ")[2] for line in told] == [
        f"{case_id}: Completing activity as failed, expected, attempt {attempt}: "
        f"ApplicationError Ambiguous: {LOST}"
        for attempt in (1, 2)
    ]
    assert "Traceback" not in written.getvalue()


async def test_a_surprise_keeps_its_traceback(temporal: Client) -> None:
    with logging_to("text") as written, pytest.raises(WorkflowFailureError):
        await run(temporal, "surprise")

    assert "Traceback" in written.getvalue()
    assert "ZeroDivisionError: call [phone] about" in written.getvalue()


async def test_as_json_every_line_is_one_object_with_the_case_and_nothing_personal(temporal: Client) -> None:
    with logging_to("json") as written, pytest.raises(WorkflowFailureError):
        await run(temporal, "surprise")

    lines: list[dict[str, Any]] = [json.loads(line) for line in written.getvalue().splitlines()]
    [said] = [line for line in lines if line["message"].startswith("I write")]
    [failed] = [line for line in lines if "traceback" in line]
    assert said["message"] == "I write to [email]"
    assert said["level"] == "INFO"
    assert said["logger"] == "temporalio.activity"
    assert said["time"].endswith("+00:00")
    assert said["case_id"] == failed["case_id"]
    assert said["case_id"].startswith("test/logs/")
    assert "ZeroDivisionError: call [phone] about\nthis" in failed["traceback"]


def test_a_line_says_which_trace_it_belongs_to() -> None:
    with (
        logging_to("json") as written,
        TracerProvider().get_tracer("test").start_as_current_span("s") as span,
    ):
        logging.getLogger("temporalio").warning("here")

    [line] = [json.loads(line) for line in written.getvalue().splitlines()]
    assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert line["case_id"] is None


def test_a_log_call_with_the_wrong_arguments_is_still_a_line() -> None:
    with logging_to("json") as written:
        logging.getLogger("temporalio").warning("%d cases", "anna@example.com")

    assert json.loads(written.getvalue())["message"] == "%d cases ('[email]',)"


def error_of(url: str, statement: str = "select 1", **options: object) -> OperationalError:
    """The error that SQLAlchemy makes of what a real driver says."""
    engine = create_engine(url, connect_args=options)
    with pytest.raises(OperationalError) as raised, engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
    return raised.value


def test_a_locked_database_is_expected_and_a_broken_statement_is_not(tmp_path: Path) -> None:
    holding = sqlite3.connect(tmp_path / "some.db")
    holding.execute("begin exclusive")

    assert is_expected(error_of(f"sqlite:///{tmp_path}/some.db", "select * from sqlite_master", timeout=0))
    assert not is_expected(error_of("sqlite://", "select nothing from nowhere"))
    holding.close()


def test_a_database_server_that_is_away_is_expected() -> None:
    assert is_expected(error_of(f"postgresql+psycopg://kontor@127.0.0.1:{free_port()}/none"))


@pytest.mark.parametrize("kind", ["PermitRefused", "NotAppliedFinal", "OfficeInvalid", None])
def test_what_no_retry_mends_is_no_day_to_day_failure(kind: str | None) -> None:
    assert not is_expected(ApplicationError("no", type=kind))

"""What a process logs: one redacted line for each thing that happened, as text or as JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from opentelemetry import trace
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError
from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import TRIED_AGAIN
from contracts.printable import harmless, harmless_json
from memory.redaction import RedactingFilter, Redactor, message_of
from settings import Settings

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
CASE_ID_SLASHES = 2
QUIET = ("httpx", "alembic.runtime.plugins")
"""Loggers that say at INFO what nobody asks."""
PASSING = frozenset(
    {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.RESOURCE_EXHAUSTED}
)
"""What a Temporal server says, or does not say, while it starts again or has too much to do."""
LOCKED = "database is locked"


def start_logs(settings: Settings) -> None:
    """Log to standard error from now on: one line of text, or with `json` one JSON object, for each event."""
    logging.basicConfig(level=logging.INFO, handlers=[log_handler(settings.log, sys.stderr)], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The case has a place of its own; the SDK would add a dictionary to each message.
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False
    # Loaded once, here: in a workflow's sandbox nothing more can be imported.
    trace.get_current_span()


def log_handler(style: Literal["text", "json"], stream: TextIO) -> logging.Handler:
    """Return what writes records to a stream, each with its case, short where that is enough, redacted."""
    redactor = Redactor()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(redactor) if style == "json" else TextLines(TEXT))
    for each in (WhichCase(on_message=style == "text"), OneLine(), RedactingFilter(redactor)):
        handler.addFilter(each)
    return handler


def core_logs() -> LoggingConfig:
    """Return how the SDK's native part logs: through Python, so that its lines are like all others."""
    said = TelemetryFilter(core_level="WARN", other_level="ERROR")
    native = LogForwardingConfig(logging.getLogger("temporalio"), append_target_to_name=False)
    return LoggingConfig(filter=said, forwarding=native)


class WhichCase(logging.Filter):
    """Tells of each record which case and which trace it belongs to."""

    def __init__(self, *, on_message: bool) -> None:
        """Choose whether a case's id is put before the message, for lines without fields."""
        super().__init__()
        self._on_message = on_message

    def filter(self, record: logging.LogRecord) -> bool:
        """Set `case_id` and `trace_id`, each None where there is none; never drops a record."""
        case_id = _case_of(record)
        span = trace.get_current_span().get_span_context()
        trace_id = trace.format_trace_id(span.trace_id) if span.is_valid else None
        vars(record).update(case_id=case_id, trace_id=trace_id)
        if self._on_message and case_id:
            record.msg, record.args = f"{case_id}: {message_of(record)}", None
        return True


class OneLine(logging.Filter):
    """Says in one line what is expected and will be tried again; a surprise keeps its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the failure's words in the place of its traceback; never drops a record."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_expected(error):
            begun = f"{message_of(record)}{_attempt(record)}"
            record.msg, record.args = f"{begun}: {_words(error)}", None
            record.exc_info = record.exc_text = None
        return True


class TextLines(logging.Formatter):
    """Makes of each record a line that steers no terminal, whatever a stranger's words in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it where there is one."""
        return harmless(super().format(record))


class JsonLines(logging.Formatter):
    """Makes of each record one JSON object on one line.

    Its fields: `time` (UTC, ISO 8601), `level`, `logger`, `message`, `case_id` and `trace_id` (null
    outside a case or a trace), and `traceback` where there is one.
    """

    def __init__(self, redactor: Redactor) -> None:
        """Take what the case's id is redacted with; message and traceback come redacted."""
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the object, with nothing of the record that was not redacted."""
        case_id = getattr(record, "case_id", None)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "case_id": self._redactor(case_id) if case_id else None,
            "trace_id": getattr(record, "trace_id", None),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return harmless_json(json.dumps(line, ensure_ascii=False))


def is_expected(error: BaseException) -> bool:
    """Say whether a failure belongs to a day's work: an outside system or a server that is away for a while.

    Lost answers, throttling and refusals for now are `activities.errors.TRIED_AGAIN`; a database or a
    Temporal server that starts again is recognised by its client's own errors.
    """
    if isinstance(error, ApplicationError):
        return error.type in TRIED_AGAIN
    if isinstance(error, RPCError):
        return error.status in PASSING
    if isinstance(error, OperationalError) and "sqlite" in type(error.orig).__module__:
        return LOCKED in str(error.orig)
    return isinstance(error, OperationalError | NoConnectionFree)


def _case_of(record: logging.LogRecord) -> str | None:
    about = getattr(record, "temporal_activity", None) or getattr(record, "temporal_workflow", None) or {}
    workflow_id = about.get("workflow_id") or ""
    return workflow_id if workflow_id.count("/") == CASE_ID_SLASHES else None


def _attempt(record: logging.LogRecord) -> str:
    about = getattr(record, "temporal_activity", None)
    return f", {about['activity_type']}, attempt {about['attempt']}" if about else ""


def _words(error: BaseException) -> str:
    """Return what went wrong without the statement that it went wrong in."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(f"{type(cause).__name__} {cause}".split())

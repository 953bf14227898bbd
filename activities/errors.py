"""The error tree, and the one place where a failed call is given its meaning.

::

    CallFailed (connectors raise it: what was seen)
    └── classify(manifest, operation, failure) -> FailureClass (here: what it means)
        ├── not-applied-retry ── ApplicationError "NotApplied", retryable
        ├── not-applied-final ── ApplicationError "NotAppliedFinal", not retryable
        └── ambiguous ────────── ApplicationError "Ambiguous", retryable: the ledger looks before it sends
    PermitRefused ────────────── ApplicationError "PermitRefused", not retryable

A read is never ambiguous: reading twice changes nothing. Nor is any answer to it final, whatever its status:
only what the manifest's `absent` proves says that there is no such thing (`Absent`). One whose answer no
record of ours can hold is final: it is a person's, who can have the system say less.
"""

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase

from temporalio.exceptions import ApplicationError

from activities.beside import ELSEWHERE
from contracts.connector import FailureMode, Manifest, Operation
from contracts.failure import (
    CONFLICT,
    LOGIN,
    NOT_LET_IN,
    OUT_OF_BOUNDS,
    SMTP_NOT_LET_IN,
    CallFailed,
    FailureClass,
    PermitRefused,
)

NOT_APPLIED = "NotApplied"
REFUSED = "NotAppliedFinal"
AMBIGUOUS = "Ambiguous"
PERMIT_REFUSED = "PermitRefused"
TOO_MANY_QUESTIONS = "TooManyQuestions"
ASK_LATER = "AskLater"
MISFIT = "Misfit"
"""An answer to a read that does not fit. It is asked again: a system under repair says anything."""

TRIED_AGAIN = frozenset({NOT_APPLIED, AMBIGUOUS, ASK_LATER, MISFIT, ELSEWHERE})
"""What is expected and tried again, here or on a queue: a log says it in one line."""

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A system that asks for more is asked again after this; a typo of a year must not park a case."""

SHORTEST_RETRY_AFTER_SECONDS = 0.001
"""Less than this, or no number at all, asks for nothing: the retry policy's own delay is used."""

_TYPES = {
    FailureClass.NOT_APPLIED_RETRY: NOT_APPLIED,
    FailureClass.NOT_APPLIED_FINAL: REFUSED,
    FailureClass.AMBIGUOUS: AMBIGUOUS,
}

NEVER_SENT = frozenset(
    # httpx: no connection, no request. aiosmtplib: the same.
    {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "SMTPConnectError",
        "SMTPConnectTimeoutError",
        "SMTPConnectResponseError",
    }
)
"""Exceptions after which the request surely never left."""

_REQUEST_TIMEOUT = 408
_TOO_EARLY = 425
_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503


def classify(manifest: Manifest, operation: str, failure: CallFailed) -> FailureClass:
    """Return what a failure says about the effect. Total: every failure has exactly one class.

    What the write says may mean that it is there already comes first, then the operation's own failure
    modes, the connector's, and what the protocol says. What nobody foresaw is ambiguous for a write and
    worth another try for a read. A status alone is no refusal where it speaks of us or of our key
    (`_no_refusal`); a code that a mode names is.
    """
    declared = manifest.operations.get(operation)
    if _may_be_there(declared, failure):
        return FailureClass.AMBIGUOUS
    mode = next(_declared(manifest, declared, failure), None)
    found = mode.means if mode else _by_protocol(manifest, declared, failure)
    if found is not FailureClass.AMBIGUOUS and not (mode and mode.names_a_code):
        found = _no_refusal(manifest, declared, failure) or found
    reading = declared is not None and declared.effect == "read"
    if reading and failure.code == OUT_OF_BOUNDS:
        return FailureClass.NOT_APPLIED_FINAL
    if reading and (failure.sent or found is FailureClass.AMBIGUOUS):
        return FailureClass.NOT_APPLIED_RETRY
    return found


def _may_be_there(operation: Operation | None, failure: CallFailed) -> bool:
    """Say whether a write's answer may mean that what it sends is there already."""
    if operation is None or operation.idempotency is None or not failure.sent:
        return False
    return any(
        (not said.status or failure.status in said.status) and (not said.code or _is_code(said.code, failure))
        for said in operation.idempotency.conflict
    )


def _is_code(codes: tuple[str, ...], failure: CallFailed) -> bool:
    return any(fnmatchcase(failure.code or "", code) for code in codes)


def _declared(manifest: Manifest, operation: Operation | None, failure: CallFailed) -> Iterator[FailureMode]:
    """Yield the failure modes that match; a request that never left is never ambiguous."""
    for mode in (*(operation.failures if operation else ()), *manifest.failures):
        if _matches(mode, failure) and (failure.sent or mode.means is not FailureClass.AMBIGUOUS):
            yield mode


def _no_refusal(manifest: Manifest, operation: Operation | None, failure: CallFailed) -> FailureClass | None:
    """Return what an answer says that is no refusal of the effect; None if it may be one.

    A system that does not let us in (a rotated token, a wrong password, a firewall) is waited for, as
    a missing secret is. A conflict about a key or reference of ours may mean that what it was sent
    for is under way or done already.
    """
    if _keeps_us_out(manifest, failure):
        return FailureClass.NOT_APPLIED_RETRY
    keyed = operation is not None and operation.is_keyed
    if failure.sent and failure.status == CONFLICT and keyed and manifest.transport != "smtp":
        return FailureClass.AMBIGUOUS
    return None


def _keeps_us_out(manifest: Manifest, failure: CallFailed) -> bool:
    if failure.code == LOGIN and not failure.sent:
        return True
    return failure.status in (SMTP_NOT_LET_IN if manifest.transport == "smtp" else NOT_LET_IN)


def _matches(mode: FailureMode, failure: CallFailed) -> bool:
    if not (mode.status or mode.code or mode.exception):
        return False
    return (
        (not mode.status or failure.status in mode.status)
        and (not mode.code or _is_code(mode.code, failure))
        and (not mode.exception or failure.exception in mode.exception)
    )


def _by_protocol(manifest: Manifest, operation: Operation | None, failure: CallFailed) -> FailureClass:
    if manifest.transport == "smtp" and failure.status is not None and 400 <= failure.status < 600:  # noqa: PLR2004 # SMTP's refusals
        return _by_smtp_code(failure.status)
    if not failure.sent:
        return _unsent(failure)
    if failure.status is None or manifest.transport == "smtp":
        never_left = failure.exception in NEVER_SENT
        return FailureClass.NOT_APPLIED_RETRY if never_left else FailureClass.AMBIGUOUS
    return _by_http_status(failure.status, failure.retry_after_seconds)


def _unsent(failure: CallFailed) -> FailureClass:
    """A request that never left was not applied; wrong arguments stay wrong, a passing cause passes."""
    status = failure.status or 0
    passing = failure.exception is not None or status == _TOO_MANY_REQUESTS or status >= 500  # noqa: PLR2004 # HTTP's server errors
    return FailureClass.NOT_APPLIED_RETRY if passing else FailureClass.NOT_APPLIED_FINAL


def _by_smtp_code(code: int) -> FailureClass:
    """RFC 5321, section 4.2.1: 4yz transient, 5yz permanent; either way the message was not taken."""
    transient = code < 500  # noqa: PLR2004 # where SMTP's permanent refusals begin
    return FailureClass.NOT_APPLIED_RETRY if transient else FailureClass.NOT_APPLIED_FINAL


def _by_http_status(status: int, retry_after_seconds: float | None) -> FailureClass:
    """RFC 9110, section 15, read for what it says about the effect."""
    if status in (_TOO_MANY_REQUESTS, _TOO_EARLY):
        return FailureClass.NOT_APPLIED_RETRY
    if status == _UNAVAILABLE and retry_after_seconds is not None:
        return FailureClass.NOT_APPLIED_RETRY
    if status == _REQUEST_TIMEOUT:
        return FailureClass.AMBIGUOUS
    if 400 <= status < 500:  # noqa: PLR2004 # HTTP's client errors
        return FailureClass.NOT_APPLIED_FINAL
    return FailureClass.AMBIGUOUS


def to_application_error(
    failure: CallFailed | PermitRefused, failure_class: FailureClass | None = None
) -> ApplicationError:
    """Return what an activity raises, for Temporal to retry or not.

    Args:
        failure: what happened; its text goes into the history, so it holds no secret.
        failure_class: what `classify` said; not needed for a refused permit.
    """
    if isinstance(failure, PermitRefused):
        return ApplicationError(str(failure), failure.reason, type=PERMIT_REFUSED, non_retryable=True)
    found = failure_class or FailureClass.AMBIGUOUS
    return ApplicationError(
        failure.why,
        {"status": failure.status, "code": failure.code, "exception": failure.exception},
        type=_TYPES[found],
        non_retryable=found is FailureClass.NOT_APPLIED_FINAL,
        next_retry_delay=_delay(failure.retry_after_seconds),
    )


def _delay(retry_after_seconds: float | None) -> timedelta | None:
    if retry_after_seconds is None or not retry_after_seconds >= SHORTEST_RETRY_AFTER_SECONDS:
        return None
    return timedelta(seconds=min(retry_after_seconds, LONGEST_RETRY_AFTER.total_seconds()))

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.errors import LONGEST_RETRY_AFTER, NEVER_SENT, classify, to_application_error
from contracts.connector import FailureMode, Idempotency, Manifest, Operation, Request
from contracts.failure import CallFailed, FailureClass, PermitRefused

EXCEPTIONS = (*NEVER_SENT, "ReadTimeout", "ReadError", "RemoteProtocolError", "TimeoutError", "Surprise")
modes = st.builds(
    FailureMode,
    status=st.lists(st.integers(100, 599), min_size=1, max_size=3).map(tuple),
    code=st.sampled_from([(), ("A_*",), ("B",)]),
    exception=st.sampled_from([(), ("ReadTimeout",)]),
    means=st.sampled_from(FailureClass),
)
failures = st.builds(
    CallFailed,
    st.text(max_size=20),
    status=st.none() | st.integers(-1, 1200),
    code=st.none() | st.sampled_from(["A_1", "B", "malformed", "arguments", ""]),
    exception=st.none() | st.sampled_from(EXCEPTIONS) | st.text(max_size=9),
    retry_after_seconds=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    sent=st.booleans(),
)


def manifest(
    transport: str = "http",
    effect: str = "write",
    kind: str = "native_key",
    own: tuple[FailureMode, ...] = (),
    shared: tuple[FailureMode, ...] = (),
) -> Manifest:
    idempotency = Idempotency.model_validate({"kind": kind}) if effect == "write" else None
    operation = Operation.model_validate(
        {"effect": effect, "request": Request(), "idempotency": idempotency, "failures": own}
    )
    return Manifest.model_validate(
        {
            "name": "shop",
            "version": "1",
            "transport": transport,
            "base_url": "http://shop.example",
            "operations": {"do": operation},
            "failures": shared,
        }
    )


declarations = st.builds(
    manifest,
    st.sampled_from(["http", "graphql", "smtp", "file"]),
    st.sampled_from(["read", "write"]),
    st.sampled_from(["native_key", "client_reference", "addressed", "lookup", "none"]),
    st.lists(modes, max_size=2).map(tuple),
    st.lists(modes, max_size=2).map(tuple),
)


@given(failure=failures, declared=declarations, operation=st.sampled_from(["do", "no such operation"]))
def test_every_failure_has_exactly_one_class_and_becomes_one_application_error(
    failure: CallFailed, declared: Manifest, operation: str
) -> None:
    found = classify(declared, operation, failure)
    assert isinstance(found, FailureClass)
    if operation == "do" and declared.operations["do"].effect == "read":
        assert found is not FailureClass.AMBIGUOUS
    if not failure.sent:
        assert found is not FailureClass.AMBIGUOUS
    error = to_application_error(failure, found)
    assert error.type in ("NotApplied", "NotAppliedFinal", "Ambiguous")
    assert error.non_retryable == (found is FailureClass.NOT_APPLIED_FINAL)
    if error.next_retry_delay is not None:
        assert timedelta() < error.next_retry_delay <= LONGEST_RETRY_AFTER


@given(failure=failures)
def test_what_nobody_declared_and_may_have_been_sent_is_never_called_safe_to_send_again(
    failure: CallFailed,
) -> None:
    known_safe = (
        not failure.sent
        or failure.status in (429, 425)
        or (failure.status == 503 and failure.retry_after_seconds is not None)
        or (failure.status is None and failure.exception in NEVER_SENT)
    )
    found = classify(manifest(), "do", failure)
    assert known_safe or found is not FailureClass.NOT_APPLIED_RETRY


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("native_key", FailureClass.AMBIGUOUS),
        ("client_reference", FailureClass.AMBIGUOUS),
        ("lookup", FailureClass.NOT_APPLIED_FINAL),
        ("none", FailureClass.NOT_APPLIED_FINAL),
    ],
)
def test_a_conflict_about_our_key_may_mean_that_it_is_done_already(kind: str, expected: FailureClass) -> None:
    assert classify(manifest(kind=kind), "do", CallFailed("conflict", status=409)) is expected


@pytest.mark.parametrize("status", [401, 403, 407])
@pytest.mark.parametrize("effect", ["read", "write"])
def test_a_door_that_is_shut_to_us_is_waited_for_whatever_a_manifest_says_of_the_status(
    status: int, effect: str
) -> None:
    final = FailureMode(status=(status,), means=FailureClass.NOT_APPLIED_FINAL)
    failure = CallFailed("no entry", status=status)
    assert classify(manifest(effect=effect), "do", failure) is FailureClass.NOT_APPLIED_RETRY
    assert classify(manifest(effect=effect, own=(final,)), "do", failure) is FailureClass.NOT_APPLIED_RETRY


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_mail_server_that_does_not_know_our_password_is_waited_for(code: int) -> None:
    failure = CallFailed("no entry", status=code, sent=False)
    assert classify(manifest("smtp"), "do", failure) is FailureClass.NOT_APPLIED_RETRY


@pytest.mark.parametrize("status", [200, 401, 422])
def test_a_log_in_that_is_refused_is_waited_for(status: int) -> None:
    failure = CallFailed("wrong password", status=status, code="login", sent=False)
    assert classify(manifest(), "do", failure) is FailureClass.NOT_APPLIED_RETRY


def test_a_refusal_that_the_system_names_is_believed_where_the_manifest_names_it_too() -> None:
    named = FailureMode(status=(403, 409), code=("NOT_YOURS",), means=FailureClass.NOT_APPLIED_FINAL)
    declared = manifest(own=(named,))
    for status in (403, 409):
        told = CallFailed("no", status=status, code="NOT_YOURS")
        assert classify(declared, "do", told) is FailureClass.NOT_APPLIED_FINAL
    silent = CallFailed("no", status=409)
    assert classify(declared, "do", silent) is FailureClass.AMBIGUOUS


def test_a_conflict_that_a_manifest_calls_not_applied_by_its_status_alone_is_ambiguous_all_the_same() -> None:
    for mode in (
        FailureMode(status=(409,), means=FailureClass.NOT_APPLIED_FINAL),
        FailureMode(status=(409,), means=FailureClass.NOT_APPLIED_RETRY),
        FailureMode(status=(409,), code=("*",), means=FailureClass.NOT_APPLIED_FINAL),
    ):
        told = CallFailed("conflict", status=409, code="IN_USE")
        assert classify(manifest(shared=(mode,)), "do", told) is FailureClass.AMBIGUOUS


def test_the_operations_own_failure_modes_come_before_the_connectors() -> None:
    own = FailureMode(status=(500,), code=("FULL_*",), means=FailureClass.NOT_APPLIED_FINAL)
    shared = FailureMode(status=(500,), means=FailureClass.NOT_APPLIED_RETRY)
    declared = manifest(own=(own,), shared=(shared,))
    assert classify(declared, "do", CallFailed("x", status=500, code="FULL_1")) is own.means
    assert classify(declared, "do", CallFailed("x", status=500, code="EMPTY")) is shared.means
    assert classify(declared, "do", CallFailed("x", status=502)) is FailureClass.AMBIGUOUS


def test_retry_after_becomes_the_next_retrys_delay_and_a_year_is_cut_short() -> None:
    def delay(seconds: float | None) -> timedelta | None:
        failure = CallFailed("wait", status=429, retry_after_seconds=seconds)
        return to_application_error(failure, FailureClass.NOT_APPLIED_RETRY).next_retry_delay

    assert delay(7) == timedelta(seconds=7)
    assert delay(31_536_000) == LONGEST_RETRY_AFTER
    assert delay(None) is None
    assert delay(-1) is None
    assert delay(float("nan")) is None


def test_a_refused_permit_is_never_tried_again() -> None:
    error = to_application_error(PermitRefused("expired", "yesterday"))
    assert error.type == "PermitRefused"
    assert error.non_retryable
    assert error.details == ("expired",)

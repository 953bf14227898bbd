"""How a call to the outside world can fail: three classes, and nothing between them."""

from enum import StrEnum

CONFLICT = 409
NOT_LET_IN = (401, 403, 407)
"""HTTP statuses that speak of us, not of the effect: who we are, and whether we may come in."""
SMTP_NOT_LET_IN = (530, 534, 535, 538)
"""The same of SMTP (RFC 4954, section 6)."""
LOGIN = "login"
"""The code of a call that was not sent because logging in was refused."""


OUT_OF_BOUNDS = "out-of-bounds"
"""The code of an answer that no record of ours can hold (`contracts.bounds`): read again, it is the same."""


class FailureClass(StrEnum):
    """What a failed call says about the effect, as far as this one call goes.

    No class says anything of an earlier call whose answer was lost.
    """

    NOT_APPLIED_RETRY = "not-applied-retry"
    NOT_APPLIED_FINAL = "not-applied-final"
    AMBIGUOUS = "ambiguous"


class CallFailed(Exception):
    """A connector's call did not give a usable answer. Raised by connectors, classified once.

    Attributes:
        status: HTTP status or SMTP code, if an answer came.
        code: the system's own error code (GraphQL `errorCode`, problem type), if any.
        exception: the transport exception's class name (`ReadTimeout`), if no answer came.
        retry_after_seconds: what the system asked us to wait.
        sent: False if the request surely never left this process: then nothing was applied.
        why: words for a person; never holds a secret.
    """

    def __init__(
        self,
        why: str,
        *,
        status: int | None = None,
        code: str | None = None,
        exception: str | None = None,
        retry_after_seconds: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.code = code
        self.exception = exception
        self.retry_after_seconds = retry_after_seconds
        self.sent = sent


class Absent(CallFailed):
    """The system itself says, as its manifest declares, that what was asked for does not exist."""


class AddressTaken(CallFailed):
    """At the address that was ours to name stands something that is not what we sent."""


class PermitRefused(Exception):
    """The data plane will not execute an effect; `reason` says which check failed.

    Reasons: `missing`, `redeemed`, `expired`, `arguments`, `operation`, `case`, `key` (issued for
    another effect), `connector-version`, `policy-version`, `compensates` (what it undoes is not
    applied, or not undone by this operation).
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the reason as a stable word and the detail for a person."""
        super().__init__(f"permit refused: {reason}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail


class TooManyQuestions(Exception):
    """A step of a case has asked people about so many different things that it asks no more."""


class AskLater(Exception):
    """Nobody can decide now, and the provider said when to ask again; raised by the router.

    Attributes:
        why: words for a person.
        seconds: how long to wait.
    """

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds

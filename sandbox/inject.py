"""How a fault strikes: around the moment at which a call makes its change."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault, FaultPlan
from sandbox.refusal import Refused

REFUSALS = {
    Fault.RATE_LIMITED: Refused(429, "slow_down", "too many calls; come back later"),
    Fault.REFUSED: Refused(422, "refused", "this channel will not do that"),
    Fault.UNAUTHORIZED: Refused(401, "unauthorized", "this token is not valid any more"),
    Fault.FORBIDDEN: Refused(403, "forbidden", "the firewall does not let this through"),
    Fault.CONFLICT: Refused(409, "conflict", "another request is under way"),
}
BEFORE = {*REFUSALS, Fault.ERROR_BEFORE, Fault.CUT_BEFORE}

Do = Callable[[], Awaitable[Response]]
"""Makes the change and returns the answer."""
Refuse = Callable[[Refused], Response]
"""Words a refusal as the system would."""


class Nothing(Response):
    """No answer at all: the socket is already closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def strike(request: Request, fault: Fault | None, plan: FaultPlan, do: Do, refuse: Refuse) -> Response:
    """Let a call meet its fault, or none, and return what the client gets."""
    if fault in BEFORE:
        return await _fail(request, fault, plan, refuse)
    if fault is Fault.STALL_BEFORE and await _gone_within(request, plan.stall_seconds):
        return Nothing()
    if fault is Fault.LATE_COMMIT:
        await cut(request)
        await asyncio.sleep(plan.late_seconds)
        await do()
        return Nothing()
    if fault is Fault.SLOW:
        await asyncio.sleep(plan.slow_seconds)
    answer = await do()
    if fault is Fault.STALL_AFTER and await _gone_within(request, plan.stall_seconds):
        return Nothing()
    if fault in (Fault.ERROR_AFTER, Fault.CUT_AFTER):
        return await _fail(request, fault, plan, refuse)
    return answer


async def cut(request: Request) -> None:
    """Close the client's socket without an answer; `sandbox.server.Sockets` knows the sockets."""
    hang_up: Callable[[tuple[str, int]], Awaitable[None]] = request.app.state.hang_up
    if request.client is not None:
        await hang_up((request.client.host, request.client.port))


async def _fail(request: Request, fault: Fault | None, plan: FaultPlan, refuse: Refuse) -> Response:
    if fault in (Fault.CUT_BEFORE, Fault.CUT_AFTER):
        await cut(request)
        return Nothing()
    if fault in REFUSALS:
        answer = refuse(REFUSALS[fault])
        if fault is Fault.RATE_LIMITED:
            answer.headers["Retry-After"] = str(plan.retry_after_seconds)
        return answer
    return refuse(Refused(plan.error_status, "unavailable", "something broke here"))


async def _gone_within(request: Request, seconds: float) -> bool:
    """Wait, and say whether the client hung up meanwhile."""
    try:
        message = await asyncio.wait_for(request.receive(), seconds)
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")

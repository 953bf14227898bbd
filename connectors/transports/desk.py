"""Cases of this office's own desks, as an outside system: begun once for each key, and looked up."""

from typing import Protocol
from urllib.parse import unquote

from pydantic import JsonValue

from connectors.prepared import Prepared, Response
from connectors.templates import Scope, TemplateFailed
from contracts.failure import Absent, CallFailed


class Desks(Protocol):
    """The door by which cases begin."""

    async def begin(self, desk: str, request: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Begin the case of a request, or find it begun; return where it stands.

        Raises:
            CallFailed: there is no such desk, or it is no request of its; or the server is away.
        """

    async def find(self, case_id: str) -> dict[str, JsonValue] | None:
        """Return where a case stands; None if there is none.

        Raises:
            CallFailed: the books are away.
        """


class DeskExecutor:
    """The desks of this office.

    `BEGIN` begins the case of a request: `path` is the desk, `body` its request, whose `id` is our key: the
    case's own id is made of it, and so a second call finds the first one's case. `FIND` looks a case up by
    its id, the `path`. Both answer `{"case": …, "status": …, "outcome": …, "ended": …}`.
    """

    def __init__(self, desks: Desks | None) -> None:
        """Keep the door; without one nothing can be begun here."""
        self._desks = desks

    async def call(self, prepared: Prepared, scope: Scope) -> Response:
        """Begin a case, or look one up; raises CallFailed."""
        request = prepared.request
        try:
            path = unquote(request.path.render(scope))
            body = request.body.render(scope) if request.body is not None else {}
        except TemplateFailed as failed:
            raise CallFailed(str(failed), code="arguments", sent=False) from None
        if self._desks is None:
            raise CallFailed(f"{prepared.title}: no case begins here", code="desks", sent=False)
        if request.method == "FIND":
            found = await self._desks.find(path)
            if found is None:
                raise Absent(f"{prepared.title}: there is no such case")
            return Response(found)
        return Response(await self._desks.begin(path, body))

    async def close(self) -> None:
        """Nothing is kept open."""

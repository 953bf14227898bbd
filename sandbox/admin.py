"""The sandbox's back door, on the loopback interface only: faults, loading, and what really happened."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FaultPlan, Faults, Scripted
from sandbox.loading import Load, Parcels, load, seed
from sandbox.webhooks import Webhooks
from sandbox.world import SYSTEMS, Entry, World

M = TypeVar("M", bound=BaseModel)


class Admin:
    """The routes below `/admin`; they need no token and meet no faults."""

    def __init__(self, world: World, faults: Faults, webhooks: Webhooks) -> None:
        self.world = world
        self.faults = faults
        self.webhooks = webhooks

    def routes(self) -> list[Route]:
        """All routes."""
        return [
            Route("/health", self._health),
            Route("/faults", self._faults, methods=["GET"]),
            Route("/faults", self._adjust, methods=["PUT"]),
            Route("/script", self._script, methods=["GET", "DELETE"]),
            Route("/script", self._add_script, methods=["POST"]),
            Route("/stats", self._stats, methods=["GET", "DELETE"]),
            Route("/calls", self._calls),
            Route("/load", self._load, methods=["POST"]),
            Route("/parcels", self._parcels, methods=["POST"]),
            Route("/reset", self._reset, methods=["POST"]),
            Route("/books", self._books),
            Route("/totals", self._totals),
        ]

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"ready": True, "channels": SYSTEMS})

    async def _faults(self, _request: Request) -> Response:
        return JSONResponse(self.faults.plan.model_dump(mode="json"))

    async def _adjust(self, request: Request) -> Response:
        async def adjust(plan: FaultPlan) -> Any:
            self.faults.adjust(plan)
            return plan.model_dump(mode="json")

        return await self._with(FaultPlan, request, adjust)

    async def _script(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.script.clear()
        return JSONResponse([entry.model_dump(mode="json") for entry in self.faults.script])

    async def _add_script(self, request: Request) -> Response:
        async def add(entry: Scripted) -> Any:
            self.faults.script.append(entry)
            return entry.model_dump(mode="json")

        return await self._with(Scripted, request, add)

    async def _stats(self, request: Request) -> Response:
        stats = self.faults.stats()
        if request.method == "DELETE":
            self.faults.forget()
        return JSONResponse(stats)

    async def _calls(self, request: Request) -> Response:
        channel = request.query_params.get("channel")
        calls = [
            call.model_dump(mode="json") for call in self.faults.calls if channel in (None, call.channel)
        ]
        return JSONResponse(calls)

    async def _load(self, request: Request) -> Response:
        async def do(what: Load) -> Any:
            return load(self.world, what)

        return await self._with(Load, request, do)

    async def _parcels(self, request: Request) -> Response:
        async def do(what: Parcels) -> Any:
            with self.world.transaction():
                state = what.model_dump(include={"received", "inspected"})
                self.world.set_parcels(what.channel, what.order, state)
            self.webhooks.tell(what.channel, "parcel.arrived", {"order": what.order})
            return state

        return await self._with(Parcels, request, do)

    async def _reset(self, request: Request) -> Response:
        self.world.wipe()
        self.faults.script.clear()
        self.faults.adjust(FaultPlan())
        self.faults.forget()
        seeded = seed(self.world) if request.query_params.get("seed") else {}
        return JSONResponse({"reset": True, **seeded})

    async def _books(self, request: Request) -> Response:
        channel = request.query_params.get("channel")
        kind = request.query_params.get("kind")
        return JSONResponse(books(self.world, channel, kind))

    async def _totals(self, _request: Request) -> Response:
        return JSONResponse(totals(self.world))

    async def _with(self, shape: type[M], request: Request, do: Callable[[M], Awaitable[Any]]) -> Response:
        try:
            return JSONResponse(await do(shape.model_validate_json(await request.body())))
        except ValidationError as error:
            return JSONResponse({"error": error.errors(include_url=False, include_context=False)}, 422)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 422)


def books(
    world: World, channel: str | None = None, kind: str | None = None
) -> dict[str, dict[str, list[Any]]]:
    """Return everything that was really made: channel → kind of entry → entries, oldest first."""
    table: dict[str, dict[str, list[Any]]] = {}
    for name in SYSTEMS if channel is None else (channel,):
        kinds: dict[str, list[Any]] = {}
        for entry in world.entries(name, kind=kind):
            kinds.setdefault(entry.kind, []).append(_plain(entry))
        table[name] = kinds
    return table


def totals(world: World) -> dict[str, dict[str, dict[str, int]]]:
    """Return channel → kind → how many entries stand (were not undone) and their cents."""
    table: dict[str, dict[str, dict[str, int]]] = {name: {} for name in SYSTEMS}
    rows = world.db.execute(
        "SELECT channel, kind, COUNT(*), SUM(amount_cents) FROM entries WHERE undone_by IS NULL"
        " GROUP BY channel, kind ORDER BY channel, kind"
    )
    for channel, kind, count, cents in rows:
        table[channel][kind] = {"count": count, "cents": cents}
    return table


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "order": entry.order_id,
        "amount_cents": entry.amount_cents,
        "currency": entry.currency,
        "payment_method": entry.payment_method,
        "reason": entry.reason,
        "client_reference": entry.client_reference,
        "made_at": entry.made_at,
        "undoes": entry.undoes,
        "undone_by": entry.undone_by,
        **entry.detail,
    }

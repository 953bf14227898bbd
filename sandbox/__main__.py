"""Start the sandbox: `python -m sandbox --port 8400 --database .kontor/sandbox.db --seed`."""

import argparse
import asyncio
import sys
from pathlib import Path

import uvicorn

from sandbox.faults import MORNING, FaultPlan, Faults
from sandbox.listening import port_of
from sandbox.loading import seed
from sandbox.server import server
from sandbox.world import World


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description="Sales channels, a blog and a social channel, with faults on demand."
    )
    parser.add_argument("--port", type=int, default=8400, help="0 takes a free one")
    parser.add_argument("--database", type=Path, default=Path(".kontor/sandbox.db"))
    parser.add_argument("--seed", action="store_true", help="load the sandbox's own orders (idempotent)")
    parser.add_argument("--faults", default="", help="`morning`, or a JSON file with a fault plan")
    parser.add_argument(
        "--webhooks", default="", help="send events to URL/CHANNEL, for instance a gateway's /in"
    )
    return parser.parse_args()


def plan_of(name: str) -> FaultPlan:
    """Return the fault plan named on the command line."""
    if not name:
        return FaultPlan()
    return MORNING if name == "morning" else FaultPlan.model_validate_json(Path(name).read_text())


async def serve(given: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM, and say on standard output when ready."""
    world = World(given.database)
    if given.seed:
        seed(world)
    uvicorn_server = server(world, Faults(plan_of(given.faults)), given.port, given.webhooks)
    try:
        await asyncio.gather(uvicorn_server.serve(), announce(uvicorn_server))
    finally:
        world.close()


async def announce(uvicorn_server: uvicorn.Server) -> None:
    """Print one line when the server listens, so that whoever started it can wait for that line."""
    while not uvicorn_server.started:
        if uvicorn_server.should_exit:
            return
        await asyncio.sleep(0.01)
    sys.stdout.write(f"sandbox ready on http://127.0.0.1:{port_of(uvicorn_server)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))

"""What a manifest costs: a declared call beside the same call written by hand with httpx.

Run as the outside system: `python -m benchmarks.connectors`; it prints its port.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.rows import Row
from connectors.checks.manifests import sound_manifests
from connectors.connectors import Connectors
from connectors.secrets import EnvironmentSecrets, FileSecrets
from connectors.transports.http import open_client
from contracts.base import Arguments

CALLS = int(os.environ.get("KONTOR_BENCH_CALLS", "1000"))
OFFICE = Path(__file__).parent.parent / "office"
ANSWER = json.dumps({"refund": {"id": "R-1"}}).encode()
REFUND: Arguments = {
    "order": "W-1",
    "payment_method": "card",
    "amount_cents": 4000,
    "currency": "EUR",
    "reason": "size",
    "lines": [{"line": "1", "sku": "S-1", "quantity": 1}],
}


BODY = {
    "amount_minor": 4000,
    "currency": "EUR",
    "method": "card",
    "reason": "size",
    "items": [{"id": "1", "sku": "S-1", "qty": 1}],
}
TOKEN = "benchmark"  # noqa: S105 # no secret: the benchmark's own server reads nothing of it
HEADERS = {"Idempotency-Key": "k", "Authorization": f"Bearer {TOKEN}"}

Call = Callable[[], Awaitable[object]]


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            length = request.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            writer.write(head.encode() + ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve_for_ever() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  (the parent reads it)
    await server.serve_forever()


@asynccontextmanager
async def _outside_system() -> AsyncIterator[int]:
    """Run the outside system in a process of its own and give its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.connectors"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def _medians_ms(*calls: Call) -> list[float]:
    """Measure the calls in turn, so that whatever else the machine does meets all of them."""
    taken: list[list[float]] = [[] for _ in calls]
    for number in range(CALLS + 50):
        for times, call in zip(taken, calls, strict=True):
            started = time.perf_counter()
            await call()
            if number >= 50:  # the first ones open connections
                times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times) for times in taken]


async def _load_ms() -> float:
    """Return what reading, checking and compiling the office's manifests takes."""
    started = time.perf_counter()
    async with Connectors(sound_manifests(OFFICE, {}), EnvironmentSecrets({})):
        return (time.perf_counter() - started) * 1000


async def rows() -> list[Row]:
    """Measure the median of a refund through the webshop's manifest, and what loading costs."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(_outside_system())
        manifests = sound_manifests(OFFICE, {"KONTOR_SANDBOX_PORT": str(port)})
        secrets = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "secrets.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(f'[webshop]\ntoken = "{TOKEN}"\n')
        client = await stack.enter_async_context(open_client(1))
        environment = EnvironmentSecrets({"KONTOR_SECRET_WEBSHOP_TOKEN": TOKEN})
        by_environment = await stack.enter_async_context(Connectors(manifests, environment))
        by_file = await stack.enter_async_context(Connectors(manifests, FileSecrets(secrets)))
        url = f"{manifests['webshop'].base_url}/orders/W-1/refunds"
        bare, declared, from_file = await _medians_ms(
            lambda: client.post(url, json=BODY, headers=HEADERS),
            lambda: by_environment.send("webshop", "refund", REFUND, "k"),
            lambda: by_file.send("webshop", "refund", REFUND, "k"),
        )
    return [
        Row("connectors.call_p50", declared, "ms", floor=bare),
        Row("connectors.call_secret_file_p50", from_file, "ms", floor=bare),
        Row("connectors.overhead", declared - bare, "ms"),
        Row("connectors.load_office", await _load_ms(), "ms"),
    ]


if __name__ == "__main__":
    asyncio.run(_serve_for_ever())

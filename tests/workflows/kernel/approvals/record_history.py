"""Record a case that waits at the gate, as the code of today leaves it.

`python -m tests.workflows.kernel.approvals.record_history FILE` runs a case on a dev server of
its own: an answer that came early, a reminder, an escalation, a delegation, a foreign answer, facts read
again; then
it parks. The history goes into FILE, to be replayed by every later version.
"""

import asyncio
import re
import socket
import sys
import tempfile
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from benchmarks.environment import free_port
from cli.stack.dev_server import DevServer
from contracts.approvals.request import Answer
from memory.database import migrate, open_engine
from tests.workflows.kernel.approvals.data_plane import DataPlane, QuickCalendar, question
from tests.workflows.kernel.approvals.serving import Serving
from tests.workflows.kernel.approvals.test_gate import real_now

CASE_ID = "returns/webshop/RMA-PARKED"


async def park(address: str, folder: Path) -> str:
    """Run the case until it waits for the second of two people; return its history as JSON."""
    engine = open_engine(f"sqlite:///{folder / 'kontor.db'}")
    migrate(engine)
    client = await Client.connect(address, data_converter=pydantic_data_converter, identity="recorder")
    calendar = QuickCalendar(deadline_seconds=40 * 86_400, remind_seconds=0.5, escalate_seconds=(1.0,))
    serving = Serving(client, DataPlane(engine, folder, clock=real_now, calendar=calendar))
    async with serving.worker():
        handle = await serving.start(
            question(case_id=CASE_ID, needed=2), wait_before=True, recheck_seconds=86_400.0
        )
        await handle.signal("decide", Answer(person="ben", choice="approve"))
        await handle.signal("go")
        await serving.waiting(handle)
        await handle.signal("decide", {"person": "mallory", "choice": "approve"})
        await handle.execute_update("decide", Answer(person="anna", choice="delegate", delegate_to="emil"))
        await handle.signal("facts_changed")
        await asyncio.sleep(2.0)
        history = (await handle.fetch_history()).to_json()
    engine.dispose()
    return _without_names(history)


def _without_names(history: str) -> str:
    """Take the recording machine's name out of the history."""
    return re.sub(r"\d+@" + re.escape(socket.gethostname()), "recorder", history).replace(
        socket.gethostname(), "recorder"
    )


def main(file: Path) -> None:
    """Start a server, record, and write."""
    with tempfile.TemporaryDirectory() as folder:
        server = DevServer(Path(folder) / "temporal.db", free_port())
        process = server.start()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(asyncio.run(park(server.address, Path(folder))) + "\n")
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

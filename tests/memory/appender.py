"""A process of its own that appends to the log: `python -m tests.memory.appender URL FOLDER CASE`."""

import sys
from pathlib import Path

from memory.database import open_engine
from memory.episodic.anchor import Anchor, AnchorFile
from memory.episodic.chain import Signer
from memory.episodic.journal import Journal
from tests.memory.audit_helpers import OneKey, happened

if __name__ == "__main__":
    url, folder, case = sys.argv[1:]
    engine = open_engine(url)
    log = Journal(engine, Signer(OneKey()), Anchor(AnchorFile(Path(folder) / "audit.anchor"), appends=4))
    for episode in happened(40, case):
        log.append([episode])
    log.append(happened(40, "shared"))
    engine.dispose()

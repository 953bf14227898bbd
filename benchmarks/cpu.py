"""What a process and its children have spent on the processor, read from `/proc` (Linux)."""

import os
from pathlib import Path

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Places of the fields after a process's name in `/proc/PID/stat`."""
DEEPEST = 4


def cpu_ms(pid: int) -> float:
    """Return the milliseconds that a process and its living descendants have spent so far."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended meanwhile
            continue
        number = int(stat.parent.name)
        parents[number] = int(fields[_PARENT])
        spent[number] = (int(fields[_USER]) + int(fields[_SYSTEM])) * _TICK_MS
    family = {pid}
    for _ in range(DEEPEST):
        family |= {child for child, parent in parents.items() if parent in family}
    return sum(spent.get(one, 0.0) for one in family)

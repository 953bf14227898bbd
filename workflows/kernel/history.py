"""How long the history of a case that waits may grow before another run goes on with it."""

from temporalio import workflow

EVENTS = 1_000
"""Some ten days of two-hourly looks; the server ends a run at 51,200."""
BYTES = 2_000_000
"""The server ends a run at 50 MB, and a reset or a new worker has to read it all."""
LEAST = 50
"""A run that goes on with another's case adds at least so many events, however large what it began with."""
PATCH = "waits-over-several-runs"
PATCH_EVENTS = 500


class HistoryRoom:
    """The room that a run's history has."""

    def __init__(self, events: int = 0) -> None:
        """Allow so many events; 0 allows what is usual."""
        self._events = events
        self._began: tuple[int, int] = (0, 0)

    def continued(self) -> None:
        """Count from here on: what this run was given to go on with is no growth."""
        info = workflow.info()
        self._began = info.get_current_history_length(), info.get_current_history_size()

    @property
    def used_up(self) -> bool:
        """True if another run should go on with the case.

        The question is a new one every few hundred events: a case that an earlier version parked, for which
        the first answer is no, is replayed as it was, and then goes over into a run of today's.
        """
        info = workflow.info()
        length = info.get_current_history_length()
        events, size = length - self._began[0], info.get_current_history_size() - self._began[1]
        allowed = self._events or EVENTS
        if events < min(LEAST, allowed):
            return False
        long = info.is_continue_as_new_suggested() or events >= allowed or size >= BYTES
        return long and workflow.patched(f"{PATCH}-{length // PATCH_EVENTS}")

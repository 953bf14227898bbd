"""Growing pauses between tries of one thing, and how many there are before a person takes it.

Whatever a story does again and again goes through here: what does not come to an end by itself costs
the server little, and ends with somebody who is told why.
"""

from datetime import timedelta
from enum import Enum, auto

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.kernel import options

FIRST = timedelta(seconds=1)
GROWTH = 2
LONGEST = timedelta(minutes=10)
SPREAD = 0.25
"""By what share a pause is longer or shorter: a thousand cases that were refused at once come back apart."""
TRIES = 40
"""Some five hours: longer than any deploy."""
PATCH = "pauses"
PATCH_TRIES = 10


class Rest(Enum):
    """What became of a wish to try again.

    `TAKEN`: the pause is over, try. `OVER`: it was tried often enough, a person takes it. `UNKNOWN`: the
    history is that of an earlier version, which tried at once and without end; do as it did.
    """

    TAKEN = auto()
    OVER = auto()
    UNKNOWN = auto()


class Pauses:
    """The pauses of one loop of a story.

    Attributes:
        tries: how often it was tried and failed; a run that continues another counts on.
    """

    def __init__(self, tries: int = 0) -> None:
        """Count on from `tries`."""
        self.tries = tries

    async def rest(self, why: str) -> Rest:
        """Wait longer than the last time.

        Args:
            why: what is waited for, in a line for the Web UI.
        """
        self.tries += 1
        if not self._known():
            return Rest.UNKNOWN
        if self.tries > TRIES:
            return Rest.OVER
        spread = 1 + SPREAD * workflow.random().uniform(-1, 1)
        await workflow.sleep(pause(self.tries) * spread, summary=why[: options.MAX_SUMMARY_CHARS])
        return Rest.TAKEN

    def _known(self) -> bool:
        """Say whether pauses are taken here; a new question every few tries, since the answer stays.

        A case that an earlier version left in its loop is replayed as it was, and then learns to wait.
        """
        return workflow.patched(f"{PATCH}-{self.tries // PATCH_TRIES}")


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries: `FIRST` after one, growing to `LONGEST`."""
    grown = FIRST
    for _ in range(1, tries):
        if grown >= LONGEST:
            break
        grown *= GROWTH
    return min(grown, LONGEST)

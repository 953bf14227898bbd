"""Questions that can wait: asked together in a provider's batch job, which takes hours and costs less."""

from pydantic import Field

from contracts.base import Frozen
from contracts.decision import Inquiry


class BatchJob(Frozen):
    """What is asked, and how patiently.

    Attributes:
        inquiry: its questions must share one model.
        first_poll_seconds, longest_poll_seconds: how long is waited before asking how it stands:
            each time longer, up to a limit.
        give_up_seconds: after which the job is cancelled and people decide.
    """

    inquiry: Inquiry
    first_poll_seconds: float = Field(default=10.0, gt=0)
    longest_poll_seconds: float = Field(default=600.0, gt=0)
    give_up_seconds: float = Field(default=48 * 3600.0, gt=0)


class BatchTicket(Frozen):
    """A job that was handed in, or why it was not.

    Attributes:
        job: the provider's name of it; empty if it was not taken.
        model: the model's name in `models.toml`.
        reservations: money set aside, one for each question; None where no budget is kept.
        why: why it was not taken, in words for a person.
    """

    job: str
    model: str = ""
    reservations: tuple[str | None, ...] = ()
    why: str = ""


class BatchStanding(Frozen):
    """How a job stands.

    Attributes:
        ended: there is nothing to wait for.
        failed: why there are no answers; empty if there are.
    """

    ended: bool
    failed: str = ""


class BatchHarvest(Frozen):
    """A job that ended, with what it was asked.

    Attributes:
        gave_up: it took too long, and no answer is expected.
    """

    inquiry: Inquiry
    ticket: BatchTicket
    gave_up: bool = False

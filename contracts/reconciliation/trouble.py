"""Our cases against the server that runs them: what is asked, and what is wrong with a case."""

from datetime import datetime

from contracts.base import Frozen
from contracts.case import CaseRecord, CaseStatus
from contracts.counted import counted
from contracts.reconciliation.messages import Patience

WORKFLOW_GONE = "workflow_gone"
"""The outcome of a case that is closed because nothing runs for it any more."""
NO_WORKFLOW = "no workflow"
"""What a case's trouble is called whose workflow the server does not know, until that is believed."""


class CaseTrouble(Frozen):
    """What keeps a case from going on.

    Attributes:
        what: `workflow task`, the name of an activity, or `no workflow`.
        failures: how often it has failed in a row.
        error: the last error, cut and without personal data.
        since: when it was first seen.
        looked_at: when it was last seen.
    """

    case_id: str
    what: str
    failures: int
    error: str
    since: datetime
    looked_at: datetime

    def words(self) -> str:
        """Return it as one line for a person."""
        if self.what == NO_WORKFLOW:
            return f"{self.case_id}: {self.error}"
        return f"{self.case_id}: {self.what} has failed {counted(self.failures, 'time')}: {self.error}"


class CasesQuery(Frozen):
    """Asks for a look at a page of open cases, in the order of their ids, behind `after`."""

    patience: Patience = Patience()
    after: str = ""
    server_lost: bool = False


class CasesPage(Frozen):
    """What a look at a page of cases showed; the fields are as in `ReconcileSummary`.

    Attributes:
        last: the last id of the page; empty if there is no further page.
        vanished: cases of divergences that are none any more.
    """

    cases: int = 0
    gone: int = 0
    unlisted: int = 0
    withdrawn: int = 0
    troubled: int = 0
    lately: int = 0
    stranger: bool = False
    last: str = ""
    vanished: tuple[str, ...] = ()


class OpenCase(Frozen):
    """A row that says `running` or `waiting`, as it was when it was read."""

    id: str
    status: CaseStatus
    updated_at: datetime


class GoneCase(Frozen):
    """A case whose workflow is gone.

    Attributes:
        seen: its row as it was before the server was asked; a row that moved since is left alone.
        why: how the workflow ended.
        ended_at: when, by the server's clock; None if the server does not know the workflow.
        record: the row to write where there is none.
    """

    seen: OpenCase
    why: str
    ended_at: datetime | None = None
    record: CaseRecord | None = None

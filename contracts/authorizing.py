"""The message from the gate to the data plane: this request was approved, may it be done now?"""

from pydantic import JsonValue

from contracts.frozen import Frozen


class Approved(Frozen):
    """Which approval is to be used. It names the request and nothing more: the books hold the rest.

    Attributes:
        request_id: the request for approval; what was asked and answered is read from the books.
        case_id: the case that wants to use it; it must be the one that asked.
        facts: what changed since it was asked, laid over the plan's facts; judged again with them.
    """

    request_id: str
    case_id: str
    facts: dict[str, JsonValue] = {}

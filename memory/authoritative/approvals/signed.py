"""Which requests have an answer that counts, or that a passkey signed."""

from sqlalchemy import Engine, or_, select
from sqlmodel import col

from contracts.approvals.request import AnswerStatus
from memory.database import reading
from memory.tables.approvals import AnswerRow


def decided_requests(engine: Engine) -> list[str]:
    """Return the ids of the requests with an answer that counts or is signed, the oldest answer first."""
    row = AnswerRow
    counts = col(row.standing) == AnswerStatus.VALID.value
    signed = col(row.answer)["signature"].as_string().is_not(None)
    query = select(col(row.request_id)).where(or_(counts, signed), col(row.request_id) != "")
    with reading(engine) as session:
        return list(dict.fromkeys(session.execute(query.order_by(col(row.at), col(row.id))).scalars()))

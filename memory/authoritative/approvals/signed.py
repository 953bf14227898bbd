"""Which requests have an answer that a passkey signed."""

from sqlalchemy import Engine, select
from sqlmodel import col

from memory.database import reading
from memory.tables.approvals import AnswerRow


def signed_requests(engine: Engine) -> list[str]:
    """Return the ids of the requests that somebody answered with a signature, the oldest answer first."""
    row = AnswerRow
    query = select(col(row.request_id)).where(col(row.answer)["signature"].as_string().is_not(None))
    with reading(engine) as session:
        return list(dict.fromkeys(session.execute(query.order_by(col(row.at), col(row.id))).scalars()))

"""How long people look at what they are asked: the time that is theirs, measured."""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import col, select

from memory.database import insert_into, reading, writing
from memory.tables.approvals import AttentionRow


class SqlAttention:
    """Looks of people at requests, written by the door through which they look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def shown(self, request_id: str, person: str, at: datetime) -> None:
        """Begin a look; what the person looked at before, they have left."""
        looks = AttentionRow
        with writing(self._engine) as session:
            session.execute(
                update(looks)
                .where(col(looks.person) == person, col(looks.left_at).is_(None), col(looks.shown_at) < at)
                .values(left_at=at)
            )
            look = insert_into(session, looks).values(request_id=request_id, person=person, shown_at=at)
            session.execute(look.on_conflict_do_nothing())

    def looking(self, since: datetime) -> dict[str, list[tuple[str, datetime]]]:
        """Return who began to look at what since a moment, and has not turned away: by request."""
        looks = AttentionRow
        query = (
            select(looks)
            .where(col(looks.left_at).is_(None), col(looks.shown_at) >= since)
            .order_by(col(looks.shown_at))
        )
        found: dict[str, list[tuple[str, datetime]]] = {}
        with reading(self._engine) as session:
            for look in session.exec(query):
                found.setdefault(look.request_id, []).append((look.person, look.shown_at))
        return found

    def left(self, request_id: str, person: str, at: datetime, visible_seconds: float | None = None) -> None:
        """End a person's look at a request, if one is open.

        Args:
            request_id: the request.
            person: who looked.
            at: when they turned away, or answered.
            visible_seconds: how long it was in sight; None where the door cannot tell.
        """
        looks = AttentionRow
        with writing(self._engine) as session:
            session.execute(
                update(looks)
                .where(
                    col(looks.request_id) == request_id,
                    col(looks.person) == person,
                    col(looks.left_at).is_(None),
                )
                .values(left_at=at, visible_seconds=visible_seconds)
            )

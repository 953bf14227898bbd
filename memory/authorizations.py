"""What an authorization writes: claims, verdicts and permits, in one commit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col

from contracts.effect import Permit
from contracts.verdict import Verdict
from memory.claims import ClaimHeld, take_claims
from memory.database import writing
from memory.tables.ledger import PermitRow
from memory.upsert import insert_into
from memory.verdicts import keep_verdicts

RENEWED = ("connector_version", "policy_version", "office_version", "expires_at")


class SqlAuthorizations:
    """`activities.ports.Authorizations`: one wait for the disk instead of three."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(
        self,
        case_id: str,
        claims: Sequence[str],
        verdicts: Sequence[Verdict],
        permits: Sequence[Permit],
        now: datetime,
    ) -> str | None:
        """Take all claims, then write the verdicts and permits; all or nothing.

        Returns the open case that holds one of the claims, if any: then nothing was written.
        """
        try:
            with writing(self._engine) as session:
                take_claims(session, case_id, claims, now)
                keep_verdicts(session, case_id, verdicts)
                _issue(session, permits)
        except ClaimHeld as held:
            return held.case_id
        return None


def _issue(session: Session, permits: Sequence[Permit]) -> None:
    """Write permits; an unused one is renewed.

    The same question asked again later (after a reset, a new office, an undo tried twice) leads to
    the same permit id: what it was judged under is then today's, and so must its expiry be.
    """
    if not permits:
        return
    insert = insert_into(session, PermitRow).values([permit.model_dump() for permit in permits])
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["id"],
            set_={name: insert.excluded[name] for name in RENEWED},
            where=col(PermitRow.redeemed_by).is_(None),
        )
    )

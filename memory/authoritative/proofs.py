"""Proofs in SQL: written by doors, used up in the transaction that judges what was said."""

import secrets
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from contracts.proof import (
    BY_NAME,
    LASTS,
    Act,
    Door,
    How,
    Proof,
    ProofRefused,
    Said,
    Shown,
    said_hash,
    shown_by,
)
from memory.database import reading, writing
from memory.tables.proofs import ProofRow


class SqlProofs:
    """Who said what through which door; whoever only reaches the Temporal server can write none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def issue(
        self,
        person: str,
        how: How,
        door: Door,
        said: Said,
        now: datetime,
        *,
        proved_at: datetime | None = None,
    ) -> Proof:
        """Write the proof that a person said something at a door that knows them; only doors may call it.

        Args:
            person: who.
            how: they showed it.
            door: the caller.
            said: what they said.
            now: the moment.
            proved_at: when they showed it last; now by default.
        """
        proof = Proof(
            id=secrets.token_urlsafe(24),
            person=person,
            how=how,
            door=door,
            act=said.act,
            about=said.about,
            arguments_hash=said.arguments_hash,
            said=said_hash(said.words),
            proved_at=proved_at or now,
            issued_at=now,
            expires_at=now + LASTS,
        )
        with writing(self._engine) as session:
            session.add(ProofRow(**proof.model_dump()))
        return proof

    def find(self, proof_id: str) -> Proof | None:
        """Return a proof, used or not; None if no door wrote one with that id."""
        with reading(self._engine) as session:
            row = session.get(ProofRow, proof_id)
            return _proof(row) if row else None

    def use(self, proof_id: str, by: str, now: datetime) -> None:
        """Use a proof up; the same user again finds it used by itself.

        Raises:
            ProofRefused: it is used already, has expired, or there is none.
        """
        with writing(self._engine) as session:
            redeem(session, proof_id, by, now)

    def of_run(self, act: Act, about: str, person: str, runs: tuple[str, ...], now: datetime) -> Proof:
        """Return what somebody said for one run of a workflow; the first one to ask uses it up.

        Args:
            act: what kind of thing they said.
            about: the case.
            person: who it is said to be; empty for anybody.
            runs: the ids of the run: the first one's of a chain, too.
            now: the moment.

        Raises:
            ProofRefused: nobody proved to be that person, or it was for another run.
        """
        query = (
            select(ProofRow)
            .where(col(ProofRow.act) == act, col(ProofRow.about) == about)
            .order_by(col(ProofRow.issued_at).desc())
        )
        if person:
            query = query.where(col(ProofRow.person) == person)
        with writing(self._engine) as session:
            rows = list(session.exec(query))
            used = next((row for row in rows if row.redeemed_by in runs), None)
            if used is not None:
                return _proof(used)
            fresh = next((row for row in rows if row.redeemed_by is None and row.expires_at > now), None)
            if fresh is None:
                raise ProofRefused(f"nobody proved to be {person or 'anybody'} who asks for it")
            redeem(session, fresh.id, runs[-1], now)
            return _proof(fresh)


def redeem(session: Session, proof_id: str, by: str, now: datetime) -> None:
    """Use a proof up in a transaction that is open: compare-and-set, so that it happens once.

    The same user again finds it used by itself: a transaction that is tried anew is the same one.

    Raises:
        ProofRefused: it is used already, has expired, or there is none; the transaction must end.
    """
    used = session.execute(
        update(ProofRow)
        .where(
            col(ProofRow.id) == proof_id,
            col(ProofRow.redeemed_by).is_(None) | (col(ProofRow.redeemed_by) == by),
            (col(ProofRow.expires_at) > now) | (col(ProofRow.redeemed_by) == by),
        )
        .values(redeemed_by=by, redeemed_at=now)
        .returning(col(ProofRow.id))
    )
    if used.first() is None:
        raise ProofRefused("the proof is used, expired, or was never issued")


def shown_for(session: Session, proof_id: str, use: str) -> Shown:
    """Return how somebody showed who they are whose word used a proof up; by name, without one."""
    row = session.get(ProofRow, proof_id) if proof_id else None
    return shown_by(_proof(row)) if row is not None and row.redeemed_by == use else BY_NAME


def _proof(row: ProofRow) -> Proof:
    return Proof.model_validate(row.model_dump(include=set(Proof.model_fields)))

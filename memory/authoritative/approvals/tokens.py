"""Signed links to answer from outside: making, looking at, and using up, each once.

`inspect` is what a GET does: it reads. Only an answer that is judged in the books redeems a token,
in the transaction that keeps the answer. A token is a secret and must not stand in a workflow's
history, so the door exchanges it for a reference (`present`) that is good for one answer only.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from contracts.approvals.proof import WORDS
from contracts.approvals.request import Answer, ApprovalRequest
from contracts.approvals.token import TokenClaims, TokenRefused, misuse, read, sign
from contracts.base import content_hash
from memory.database import reading, writing
from memory.tables.approvals import ApprovalRow, ApprovalTokenRow

NEVER_MADE = "the token was never made here"
GONE = "the token's request is not in the books"
USED = "the token was used already"


class ApprovalTokens:
    """Makes and checks signed links; the key is read at the moment of use and never kept."""

    def __init__(self, engine: Engine, key: Callable[[], bytes]) -> None:
        """Keep the database and where the key is read; `key` raises KeyError if there is none."""
        self._engine = engine
        self._key = key

    def make(self, person: str, request_id: str, now: datetime, life: timedelta | None = None) -> str:
        """Return a token by which `person` may answer the request until its deadline, or `life` if shorter.

        Raises:
            KeyError: no such request, or it is closed.
        """
        with writing(self._engine) as session:
            row = session.get(ApprovalRow, request_id)
            if row is None or row.approval is not None:
                raise KeyError(f"no request {request_id} waits for an answer")
            expires_at = min(row.deadline, now + life) if life else row.deadline
            claims = TokenClaims(
                id=f"token-{secrets.token_hex(16)}",
                person=person,
                request_id=request_id,
                arguments_hash=row.arguments_hash,
                expires_at=expires_at,
            )
            token = sign(claims, self._key())
            session.add(ApprovalTokenRow(**claims.model_dump(), made_at=now))
        return token

    def claims(self, token: str) -> TokenClaims:
        """Return what a genuine token says, whether or not it is still good; raises TokenRefused."""
        return read(token, self._key())

    def inspect(self, token: str, now: datetime) -> tuple[TokenClaims, ApprovalRequest]:
        """Return what a token is for, so that it can be shown; changes nothing.

        Raises:
            TokenRefused: forged, expired, used, or its request is gone.
        """
        claims = self.claims(token)
        with reading(self._engine) as session:
            row = session.get(ApprovalRow, claims.request_id)
            made = session.get(ApprovalTokenRow, claims.id)
        if row is None or made is None:
            raise TokenRefused(GONE)
        request = ApprovalRequest.model_validate(row.request)
        shown = Answer(person=claims.person, choice="reject")
        problem = misuse(claims, shown, request, now) or (USED if made.redeemed_at else None)
        if problem:
            raise TokenRefused(problem)
        return claims, request

    def present(self, token: str, answer: Answer) -> str:
        """Exchange a genuine token for a reference that only this answer can carry.

        It changes nothing for anybody: the answer is judged, and the token redeemed, in the books.

        Raises:
            TokenRefused: it is forged, or was never made here.
        """
        claims = self.claims(token)
        with writing(self._engine) as session:
            made = session.get(ApprovalTokenRow, claims.id)
            if made is None:
                raise TokenRefused(NEVER_MADE)
            made.presented_as = _said(answer)
        return claims.id

    def check(self, answer: Answer, request: ApprovalRequest, now: datetime) -> str | None:
        """Return the id of the good token behind an answer, None if it has no token; changes nothing.

        Raises:
            TokenRefused: it is forged, expired, or someone or something else's. Whether it was used
                is decided where it is redeemed.
        """
        if answer.token is None:
            return None
        claims = self._presented(answer) or self.claims(answer.token)
        if problem := misuse(claims, answer, request, now):
            raise TokenRefused(problem)
        return claims.id

    def _presented(self, answer: Answer) -> TokenClaims | None:
        """Return what a token said that was presented with exactly this answer."""
        with reading(self._engine) as session:
            made = session.get(ApprovalTokenRow, answer.token)
        if made is None:
            return None
        if made.presented_as != _said(answer):
            raise TokenRefused("the token was presented with another answer")
        return TokenClaims(**made.model_dump(include=set(TokenClaims.model_fields)))


def _said(answer: Answer) -> str:
    """Return the hash of what the person said; what the answer is bound to is in the token itself."""
    said = answer.model_dump(mode="json", include={"person", *WORDS})
    return content_hash(said)


def redeem(session: Session, token_id: str, answer_id: str, now: datetime) -> str | None:
    """Use a token up for an answer, in a transaction that is open; return why it cannot be, or None."""
    query = select(ApprovalTokenRow).where(col(ApprovalTokenRow.id) == token_id).with_for_update()
    made = session.exec(query).one_or_none()
    if made is None:
        return NEVER_MADE
    if made.redeemed_at is not None:
        return USED
    made.redeemed_at, made.redeemed_by = now, answer_id
    return None

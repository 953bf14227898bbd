"""The queue of waiting approvals, authoritative in SQL: a request has one row, and one end.

Whatever a workflow does, an answer is judged here, in the transaction that writes it, by
`contracts.tally`; the episode that tells of it is appended in the same commit.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from contracts import tally
from contracts.approval import (
    Approval,
    ApprovalOutcome,
    ApprovalRecord,
    ApprovalRequest,
    Standing,
    StoredAnswer,
)
from contracts.asking import (
    Asking,
    Ending,
    Moments,
    Nudge,
    Opened,
    Reply,
    Submission,
    answer_id,
    effects_hash,
)
from contracts.episode import Episode
from contracts.ids import approval_id
from contracts.tally import Authority
from memory.anchor import Anchor
from memory.approval_episodes import about, answered, asked
from memory.approval_tokens import redeem
from memory.chain import Signer
from memory.database import reading, writing
from memory.episodes import append_episodes
from memory.tables.approvals import AnswerRow, ApprovalRow
from memory.upsert import insert_into

MAX_ROUNDS = 100
"""How often one step of one case may ask about something new."""


class SqlApprovals:
    """`activities.ports.Approvals` on the authoritative database; each method is one transaction."""

    def __init__(self, engine: Engine, signer: Signer, anchor: Anchor) -> None:
        self._engine = engine
        self._signer = signer
        self._anchor = anchor

    def open(self, asking: Asking, moments: Moments, connectors: Mapping[str, str], now: datetime) -> Opened:
        """Put a question into the queue, or find it there: asking the same again asks once.

        When the same step of the same case asked about other arguments before, that request is
        withdrawn if it still waits, and this one is the next round.

        Args:
            asking: what is asked; `roles` must name somebody.
            moments: reminder, escalations and deadline, in working time.
            connectors: the version of each connector the plan touches, for the counts of overrides.
            now: the time of asking.

        Raises:
            ValueError: the step has asked a hundred different things.
        """
        with self._writing() as (session, log):
            for round_number in range(asking.round_number, MAX_ROUNDS):
                request = request_of(asking, moments, round_number, now)
                row = _row_of(request, asking, connectors)
                session.execute(
                    insert_into(session, ApprovalRow)
                    .values(**row.model_dump())
                    .on_conflict_do_nothing(index_elements=["id"])
                )
                kept = _locked(session, request.id)
                if kept.arguments_hash == request.arguments_hash:
                    log.append(asked(kept))
                    return _opened(kept)
                _end(kept, ApprovalOutcome.WITHDRAWN, "something else is asked now", now, log)
        raise ValueError(f"{asking.plan.case_id} has asked {MAX_ROUNDS} times in step {asking.step}")

    def find(self, request_id: str) -> ApprovalRecord | None:
        """Return a request with its answers and its end, or None."""
        with reading(self._engine) as session:
            row = session.get(ApprovalRow, request_id)
            return _record(session, row) if row else None

    def of_case(self, case_id: str) -> tuple[ApprovalRecord, ...]:
        """Return what a case asked, the first question first, each with its answers and its end."""
        query = select(ApprovalRow).where(col(ApprovalRow.case_id) == case_id)
        with reading(self._engine) as session:
            rows = session.exec(query.order_by(col(ApprovalRow.requested_at), col(ApprovalRow.id))).all()
            return tuple(_record(session, row) for row in rows)

    def answer(self, submission: Submission, authority: Authority, now: datetime) -> Reply:
        """Judge an answer, keep it with its standing, and close the request if it decides.

        The same submission again returns what the first one returned. Submissions for which
        nothing was asked are kept too.
        """
        with self._writing() as (session, log):
            row = _locked_or_none(session, submission.request_id)
            kept = session.get(AnswerRow, answer_id(submission))
            if kept is None:
                kept = _judge(session, row, submission, authority, now)
                log.append(answered(kept, submission))
                _close_if_decided(session, row, kept, now, log)
            end = Approval.model_validate(row.approval) if row and row.approval else None
            return Reply(
                standing=Standing(kept.standing), why=kept.why, request_id=kept.request_id, approval=end
            )

    def nudge(self, nudge: Nudge, now: datetime) -> None:
        """Keep that a reminder was due, or that the next role is asked now."""
        with self._writing() as (session, log):
            row = _locked(session, nudge.request_id)
            if nudge.kind == "reminded":
                row.reminded_at = row.reminded_at or now
            else:
                row.level = max(row.level, nudge.level)
            request = ApprovalRequest.model_validate(row.request)
            name = f"{nudge.kind}-{nudge.level}" if nudge.level else nudge.kind
            roles: list[JsonValue] = list(request.roles[: nudge.level + 1])
            log.append(about(row, name, nudge.kind, now, {"roles": roles}))

    def end(self, ending: Ending, now: datetime) -> Approval:
        """Close a request that no answer closed; if one did, its end stands and is returned."""
        with self._writing() as (session, log):
            row = _locked(session, ending.request_id)
            return _end(row, ApprovalOutcome(ending.outcome), ending.why, now, log)

    @contextmanager
    def _writing(self) -> Iterator[tuple[Session, list[Episode]]]:
        """One transaction, with a list of episodes that are appended at its end."""
        log: list[Episode] = []
        with writing(self._engine) as session:
            yield session, log
            head = append_episodes(session, log, self._signer)
        self._anchor.saw(head)


def _judge(
    session: Session, row: ApprovalRow | None, submission: Submission, authority: Authority, now: datetime
) -> AnswerRow:
    record = _record(session, row) if row else None
    kept = _answer_row(submission, authority, now)
    kept.position = len(record.answers) + 1 if record else 1
    kept.standing, kept.why = _standing(record, submission, authority, now)
    if authority.token_id:
        refusal = redeem(session, authority.token_id, kept.id, now)
        if refusal:
            kept.standing, kept.why = Standing.FOREIGN, refusal
    session.add(kept)
    session.flush()
    return kept


def _close_if_decided(
    session: Session, row: ApprovalRow | None, kept: AnswerRow, now: datetime, log: list[Episode]
) -> None:
    if row is None or kept.standing != Standing.VALID:
        return
    approval = tally.decided(ApprovalRequest.model_validate(row.request), _answers(session, row.id))
    if approval is not None:
        _close(row, approval, now, log)


def _end(row: ApprovalRow, outcome: ApprovalOutcome, why: str, now: datetime, log: list[Episode]) -> Approval:
    if row.approval is not None:
        return Approval.model_validate(row.approval)
    approval = Approval(request_id=row.id, outcome=outcome, note=why)
    _close(row, approval, now, log)
    return approval


def _close(row: ApprovalRow, approval: Approval, now: datetime, log: list[Episode]) -> None:
    row.status = approval.outcome.value
    row.agreed_cents = approval.amount_cents
    row.closed_at = now
    row.approval = approval.model_dump(mode="json", exclude={"answers": {"__all__": {"token"}}})
    data: dict[str, JsonValue] = {
        "outcome": approval.outcome.value,
        "people": [answer.person for answer in approval.answers],
        "amount_cents": approval.amount_cents,
    }
    log.append(about(row, "closed", "approval_closed", now, data))


def request_of(asking: Asking, moments: Moments, round_number: int, now: datetime) -> ApprovalRequest:
    """Return the request that a question becomes, with its id, its hash and its moments."""
    return ApprovalRequest(
        id=approval_id(asking.plan.case_id, asking.step, round_number),
        case_id=asking.plan.case_id,
        desk=asking.plan.desk,
        step=asking.step,
        what=asking.what,
        plan=asking.plan,
        arguments_hash=effects_hash(asking.plan),
        why=asking.why,
        evidence=asking.evidence,
        roles=asking.roles,
        needed=asking.needed,
        asked_by=asking.asked_by,
        office_version=asking.office_version,
        policy_version=asking.policy_version,
        requested_at=now,
        remind_at=moments.remind_at,
        escalate_at=moments.escalate_at,
        deadline=moments.deadline,
    )


def _row_of(request: ApprovalRequest, asking: Asking, connectors: Mapping[str, str]) -> ApprovalRow:
    return ApprovalRow(
        id=request.id,
        case_id=request.case_id,
        desk=request.desk,
        step=request.step,
        what=request.what,
        asked_by=request.asked_by,
        amount_cents=request.amount_cents,
        currency=request.currency,
        arguments_hash=request.arguments_hash,
        policies=[reason.id for reason in request.why],
        roles=list(request.roles),
        needed=request.needed,
        policy_version=request.policy_version,
        office_version=request.office_version,
        by_model=asking.by_model,
        connectors=dict(connectors),
        requested_at=request.requested_at,
        deadline=request.deadline,
        request=request.model_dump(mode="json"),
    )


def _locked_or_none(session: Session, request_id: str) -> ApprovalRow | None:
    query = select(ApprovalRow).where(col(ApprovalRow.id) == request_id)
    return session.exec(query.with_for_update()).one_or_none()


def _locked(session: Session, request_id: str) -> ApprovalRow:
    row = _locked_or_none(session, request_id)
    if row is None:
        raise KeyError(f"no request for approval {request_id}")
    return row


def _answers(session: Session, request_id: str) -> tuple[StoredAnswer, ...]:
    query = (
        select(AnswerRow)
        .where(col(AnswerRow.request_id) == request_id)
        .where(col(AnswerRow.choice) != "")
        .order_by(col(AnswerRow.position))
    )
    return tuple(StoredAnswer.model_validate(_stored(row)) for row in session.exec(query))


def _stored(row: AnswerRow) -> dict[str, object]:
    kept = ("id", "answer", "standing", "why", "on_behalf_of", "verdict_id", "token_id", "at")
    return {name: getattr(row, name) for name in kept}


def _record(session: Session, row: ApprovalRow) -> ApprovalRecord:
    return ApprovalRecord(
        request=ApprovalRequest.model_validate(row.request),
        answers=_answers(session, row.id),
        approval=Approval.model_validate(row.approval) if row.approval else None,
        closed_at=row.closed_at,
        reminded_at=row.reminded_at,
        level=row.level,
    )


def _opened(row: ApprovalRow) -> Opened:
    return Opened(
        request=ApprovalRequest.model_validate(row.request),
        approval=Approval.model_validate(row.approval) if row.approval else None,
        reminded=row.reminded_at is not None,
        level=row.level,
    )


def _standing(
    record: ApprovalRecord | None, submission: Submission, authority: Authority, now: datetime
) -> tuple[Standing, str]:
    if submission.answer is None:
        return (
            Standing.MALFORMED,
            "not an answer: it needs person and choice (approve, edit, reject, delegate)",
        )
    if record is None:
        return Standing.FOREIGN, "nothing like that was ever asked"
    return tally.judge(record, submission.answer, authority, now)


def _answer_row(submission: Submission, authority: Authority, now: datetime) -> AnswerRow:
    answer = submission.answer
    said = answer.model_dump(mode="json", exclude={"token"}) if answer else {"text": submission.malformed}
    return AnswerRow(
        id=answer_id(submission),
        request_id=submission.request_id,
        position=1,
        case_id=submission.case_id,
        person=answer.person if answer else "",
        choice=answer.choice if answer else "",
        standing=Standing.FOREIGN,
        why="",
        on_behalf_of=authority.on_behalf_of,
        verdict_id=authority.verdict_id,
        token_id=authority.token_id,
        at=now,
        answer=said,
    )

"""The queue of waiting approvals, authoritative in SQL: a request has one row, and one end.

Whatever a workflow does, an answer is judged here, in the transaction that writes it, by
`contracts.tally`; the episode that tells of it is appended in the same commit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, col, select

from contracts.approvals import rules
from contracts.approvals.messages import (
    CASE_IS_GONE,
    AnswerReply,
    AnswerSubmission,
    ApprovalClosing,
    ApprovalDraft,
    ApprovalOpened,
    Moments,
    Reminder,
    answer_id,
    effects_hash,
)
from contracts.approvals.request import (
    ANSWER_CHOICES,
    AnswerStatus,
    Approval,
    ApprovalOutcome,
    ApprovalRecord,
    ApprovalRequest,
    StoredAnswer,
)
from contracts.approvals.rules import Authority
from contracts.case import Episode
from contracts.failure import TooManyQuestions
from contracts.ids import approval_id
from contracts.proof import BY_LINK, ProofRefused
from memory.authoritative.approvals.tokens import redeem
from memory.authoritative.proofs import redeem as use
from memory.authoritative.proofs import shown_for
from memory.database import insert_into, reading
from memory.episodic.journal import Books, Journal
from memory.tables.approvals import WAITING, AnswerRow, ApprovalRow

NOBODY_DECIDED = (ApprovalOutcome.EXPIRED.value, ApprovalOutcome.WITHDRAWN.value)
MAX_ROUNDS = 100
"""So many rounds of a question are looked through for one that asks the same, or for a free one."""


class SqlApprovals:
    """What was asked of people and answered, in SQL; each method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def open(
        self, draft: ApprovalDraft, moments: Moments, connectors: Mapping[str, str], now: datetime
    ) -> ApprovalOpened:
        """Put a question into the queue, or find it there: asking the same again asks once.

        When the same step of the same case asked about other arguments before, that request is
        withdrawn if it still waits, and this one is the next round. So it is when the case's earlier
        workflow was gone while it waited, or ended with nobody's answer.

        Args:
            draft: what is asked; `roles` must name somebody.
            moments: reminder, escalations and deadline, in working time.
            connectors: the version of each connector the plan touches, for the counts of overrides.
            now: the time of asking.

        Raises:
            TooManyQuestions: a hundred rounds from this one on ask about other things.
        """
        with self._journal.writing("a question is asked", now) as session:
            for round_number in range(draft.round_number, draft.round_number + MAX_ROUNDS):
                request = request_of(draft, moments, round_number, now)
                row = _row_of(request, draft, connectors)
                insert = insert_into(session, ApprovalRow).values(**row.model_dump())
                fresh = insert.on_conflict_do_nothing(index_elements=["id"]).returning(col(ApprovalRow.id))
                if session.execute(fresh).first() is not None:
                    session.wrote_row(row, row.case_id)
                kept = _locked(session, request.id)
                if kept.arguments_hash == request.arguments_hash and not _was_left(kept, draft.begun_at):
                    session.tell([asked(kept)])
                    return _opened(kept)
                _end(session, kept, ApprovalOutcome.WITHDRAWN, "something else is asked now", now)
        raise TooManyQuestions(f"{draft.plan.case_id} has asked {MAX_ROUNDS} times in step {draft.step}")

    def find(self, request_id: str) -> ApprovalRecord | None:
        """Return a request with its answers and its end, or None."""
        with reading(self._journal.engine) as session:
            row = session.get(ApprovalRow, request_id)
            return _record(session, row) if row else None

    def requests(self, ids: Sequence[str]) -> dict[str, ApprovalRequest]:
        """Return what was asked, by its id, without answers and ends; what is not there is left out."""
        query = select(ApprovalRow.id, ApprovalRow.request).where(col(ApprovalRow.id).in_(ids))
        with reading(self._journal.engine) as session:
            return {row_id: ApprovalRequest.model_validate(body) for row_id, body in session.exec(query)}

    def of_case(self, case_id: str) -> tuple[ApprovalRecord, ...]:
        """Return what a case asked, the first question first, each with its answers and its end."""
        query = select(ApprovalRow).where(col(ApprovalRow.case_id) == case_id)
        with reading(self._journal.engine) as session:
            rows = session.exec(query.order_by(col(ApprovalRow.requested_at), col(ApprovalRow.id))).all()
            return tuple(_record(session, row) for row in rows)

    def answer(self, submission: AnswerSubmission, authority: Authority, now: datetime) -> AnswerReply:
        """Judge an answer, keep it with its standing, and close the request if it decides.

        The same submission again returns what the first one returned. Submissions for which
        nothing was asked are kept too.
        """
        with self._journal.writing("an answer is judged", now) as session:
            row = _locked_or_none(session, submission.request_id)
            kept = session.get(AnswerRow, answer_id(submission))
            if kept is None:
                kept = _judge(session, row, submission, authority, now)
                session.tell([answered(kept, submission)])
                _close_if_decided(session, row, kept, now)
            end = Approval.model_validate(row.approval) if row and row.approval else None
            return AnswerReply(
                standing=AnswerStatus(kept.standing), why=kept.why, request_id=kept.request_id, approval=end
            )

    def remind(self, reminder: Reminder, now: datetime) -> None:
        """Keep that a reminder was due, or that the next role is asked now."""
        with self._journal.writing("people are reminded", now) as session:
            row = _locked(session, reminder.request_id)
            if reminder.kind == "reminded":
                row.reminded_at = row.reminded_at or now
            else:
                row.level = max(row.level, reminder.level)
            request = ApprovalRequest.model_validate(row.request)
            name = f"{reminder.kind}-{reminder.level}" if reminder.level else reminder.kind
            roles: list[JsonValue] = list(request.roles[: reminder.level + 1])
            session.tell([about(row, name, reminder.kind, now, {"roles": roles})])
            session.wrote(ApprovalRow, row.case_id, row.model_dump(include={"reminded_at", "level"}), row.id)

    def end(self, ending: ApprovalClosing, now: datetime) -> Approval:
        """Close a request that no answer closed; if one did, its end stands and is returned."""
        with self._journal.writing("a question ends", now) as session:
            row = _locked(session, ending.request_id)
            return _end(session, row, ApprovalOutcome(ending.outcome), ending.why, now)


def withdraw_questions(session: Books, case_id: str, now: datetime) -> int:
    """Withdraw what a case asked that runs no more, in an open transaction; returns how many waited."""
    query = select(ApprovalRow).where(col(ApprovalRow.case_id) == case_id, col(ApprovalRow.status) == WAITING)
    rows = session.exec(query.order_by(col(ApprovalRow.id)).with_for_update()).all()
    for row in rows:
        _end(session, row, ApprovalOutcome.WITHDRAWN, CASE_IS_GONE, now)
    return len(rows)


def _was_left(row: ApprovalRow, begun_at: datetime | None) -> bool:
    """Say whether a request ended without a decision, and not for the run of the case that asks now."""
    if row.status == ApprovalOutcome.WITHDRAWN.value and (row.approval or {}).get("note") == CASE_IS_GONE:
        return True
    earlier = begun_at is not None and row.closed_at is not None and row.closed_at < begun_at
    return earlier and row.status in NOBODY_DECIDED


def _judge(
    session: Books,
    row: ApprovalRow | None,
    submission: AnswerSubmission,
    authority: Authority,
    now: datetime,
) -> AnswerRow:
    record = _record(session, row) if row else None
    kept = _answer_row(submission, authority, now)
    kept.position = len(record.answers) + 1 if record else 1
    kept.standing, kept.why = _standing(record, submission, authority, now)
    if authority.token_id:
        refusal = redeem(session, authority.token_id, kept.id, now)
        if refusal:
            kept.standing, kept.why = AnswerStatus.FOREIGN, refusal
    if authority.proof_id and kept.standing in (AnswerStatus.VALID, AnswerStatus.DELEGATED):
        try:
            use(session, authority.proof_id, kept.id, now)
        except ProofRefused as refused:
            kept.standing, kept.why = AnswerStatus.FOREIGN, str(refused)
    session.add(kept)
    session.wrote_row(kept, kept.case_id)
    session.flush()
    return kept


def _close_if_decided(session: Books, row: ApprovalRow | None, kept: AnswerRow, now: datetime) -> None:
    if row is None or kept.standing != AnswerStatus.VALID:
        return
    approval = rules.decided(ApprovalRequest.model_validate(row.request), _answers(session, row.id))
    if approval is not None:
        _close(session, row, approval, now)


def _end(session: Books, row: ApprovalRow, outcome: ApprovalOutcome, why: str, now: datetime) -> Approval:
    if row.approval is not None:
        return Approval.model_validate(row.approval)
    approval = Approval(request_id=row.id, outcome=outcome, note=why)
    _close(session, row, approval, now)
    return approval


def _close(session: Books, row: ApprovalRow, approval: Approval, now: datetime) -> None:
    row.status = approval.outcome.value
    row.agreed_cents = approval.amount_cents
    row.closed_at = now
    row.approval = approval.model_dump(mode="json", exclude={"answers": {"__all__": {"token"}}})
    data: dict[str, JsonValue] = {
        "outcome": approval.outcome.value,
        "people": [answer.person for answer in approval.answers],
        "amount_cents": approval.amount_cents,
    }
    session.tell([about(row, "closed", "approval_closed", now, data)])
    session.wrote_row(row, row.case_id)


def request_of(draft: ApprovalDraft, moments: Moments, round_number: int, now: datetime) -> ApprovalRequest:
    """Return the request that a question becomes, with its id, its hash and its moments."""
    return ApprovalRequest(
        id=approval_id(draft.plan.case_id, draft.step, round_number),
        case_id=draft.plan.case_id,
        desk=draft.plan.desk,
        step=draft.step,
        what=draft.what,
        plan=draft.plan,
        arguments_hash=effects_hash(draft.plan),
        why=draft.why,
        evidence=draft.evidence,
        roles=draft.roles,
        needed=draft.needed,
        asked_by=draft.asked_by,
        questions=draft.questions,
        doubts=draft.doubts,
        office_version=draft.office_version,
        policy_version=draft.policy_version,
        requested_at=now,
        remind_at=moments.remind_at,
        escalate_at=moments.escalate_at,
        deadline=moments.deadline,
    )


def _row_of(request: ApprovalRequest, draft: ApprovalDraft, connectors: Mapping[str, str]) -> ApprovalRow:
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
        by_model=draft.by_model,
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
    return tuple(_stored(session, row) for row in session.exec(query))


def _stored(session: Session, row: AnswerRow) -> StoredAnswer:
    kept = ("id", "answer", "standing", "why", "on_behalf_of", "verdict_id", "token_id", "at")
    shown = BY_LINK if row.token_id else shown_for(session, str((row.answer or {}).get("proof", "")), row.id)
    return StoredAnswer.model_validate({name: getattr(row, name) for name in kept} | {"shown": shown})


def _record(session: Session, row: ApprovalRow) -> ApprovalRecord:
    return ApprovalRecord(
        request=ApprovalRequest.model_validate(row.request),
        answers=_answers(session, row.id),
        approval=Approval.model_validate(row.approval) if row.approval else None,
        closed_at=row.closed_at,
        reminded_at=row.reminded_at,
        level=row.level,
    )


def _opened(row: ApprovalRow) -> ApprovalOpened:
    return ApprovalOpened(
        request=ApprovalRequest.model_validate(row.request),
        approval=Approval.model_validate(row.approval) if row.approval else None,
        reminded=row.reminded_at is not None,
        level=row.level,
    )


def _standing(
    record: ApprovalRecord | None, submission: AnswerSubmission, authority: Authority, now: datetime
) -> tuple[AnswerStatus, str]:
    if submission.answer is None:
        return (
            AnswerStatus.MALFORMED,
            f"not an answer: it needs person and choice ({', '.join(ANSWER_CHOICES)})",
        )
    if record is None:
        return AnswerStatus.FOREIGN, "nothing like that was ever asked"
    return rules.judge(record, submission.answer, authority, now)


def _answer_row(submission: AnswerSubmission, authority: Authority, now: datetime) -> AnswerRow:
    answer = submission.answer
    said = answer.model_dump(mode="json", exclude={"token"}) if answer else {"text": submission.malformed}
    return AnswerRow(
        id=answer_id(submission),
        request_id=submission.request_id,
        position=1,
        case_id=submission.case_id,
        person=answer.person if answer else "",
        choice=answer.choice if answer else "",
        standing=AnswerStatus.FOREIGN,
        why="",
        on_behalf_of=authority.on_behalf_of,
        verdict_id=authority.verdict_id,
        token_id=authority.token_id,
        at=now,
        answer=said,
    )


def asked(row: ApprovalRow) -> Episode:
    """A question was put to people."""
    request = ApprovalRequest.model_validate(row.request)
    data: dict[str, JsonValue] = {
        "what": row.what,
        "amount_cents": row.amount_cents,
        "policies": list(row.policies),
        "roles": list(request.roles),
        "needed": request.needed,
        "asked_by": row.asked_by,
        "deadline": row.deadline.isoformat(),
    }
    return about(row, "asked", "asked", row.requested_at, data)


def answered(kept: AnswerRow, submission: AnswerSubmission) -> Episode:
    """An answer came, and how it stood; its note stays in the queue, for it may name people."""
    data: dict[str, JsonValue] = {
        "request": kept.request_id,
        "person": kept.person,
        "choice": kept.choice,
        "standing": kept.standing,
        "why": kept.why,
        "on_behalf_of": kept.on_behalf_of,
        "early": submission.early,
        "by_link": submission.answer is not None and submission.answer.token is not None,
    }
    if submission.answer and submission.answer.amount_cents is not None:
        data["amount_cents"] = submission.answer.amount_cents
    if submission.answer and submission.answer.picked:
        data["picked"] = {name: [*ids] for name, ids in submission.answer.picked.items()}
    return Episode(
        id=f"{kept.case_id}#{kept.id}", case_id=kept.case_id, kind="answered", at=kept.at, data=data
    )


def about(row: ApprovalRow, name: str, kind: str, at: datetime, data: dict[str, JsonValue]) -> Episode:
    """Something happened to a request; `name` makes it happen once."""
    return Episode(
        id=f"{row.case_id}#{row.id}-{name}",
        case_id=row.case_id,
        kind=kind,
        at=at,
        data={"request": row.id, **data},
    )

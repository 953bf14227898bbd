"""Whether somebody said what a case was told in their name; their proof is used up by it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clock import utc_now
from activities.ports import EpisodeLog
from contracts.admission import NOT_ON_RECORD
from contracts.base import content_hash
from contracts.case import Episode
from contracts.proof import Claim, ProofRefused, unborne

if TYPE_CHECKING:
    from memory.authoritative.admissions import SqlAdmissions
    from memory.authoritative.people import SqlPeople
    from memory.authoritative.proofs import SqlProofs

ATTEMPT = "attempt"
"""The episode of a word that nobody proved."""


class ProofActivities:
    """Judges the words of people that are no answers; a workflow cannot vouch for one."""

    def __init__(
        self,
        proofs: "SqlProofs",
        people: "SqlPeople",
        admissions: "SqlAdmissions",
        on_staff: Callable[[str], bool],
        log: EpisodeLog,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep the books, and who is on the staff; `clock` is the data plane's own."""
        self._proofs = proofs
        self._people = people
        self._admissions = admissions
        self._on_staff = on_staff
        self._log = log
        self._clock = clock

    @activity.defn(name="proof.use")
    async def use(self, claim: Claim) -> str:
        """Use up the proof of what a case was told, and say why it is nobody's word; empty if it counts.

        What does not count is on record as an attempt. The same claim again is judged the same.

        Raises:
            ApplicationError: `NotOnRecord`, never retried: another than the case asks.
        """
        case_id = claim.said.about
        if activity.in_activity() and activity.info().workflow_id != case_id:
            why = f"{activity.info().workflow_id or 'nobody'} called, which is not {case_id}"
            await asyncio.to_thread(self._record, claim, why)
            raise ApplicationError(why, type=NOT_ON_RECORD, non_retryable=True)
        return await asyncio.to_thread(self._judge, claim)

    def _judge(self, claim: Claim) -> str:
        why = self._why_not(claim)
        if why:
            self._record(claim, why)
        return why

    def _why_not(self, claim: Claim) -> str:
        said, person, now = claim.said, claim.person, self._clock()
        if said.act == "withdraw" and self._admissions.differs_no_more(said.about):
            return ""  # our own books say so, whoever tells the case
        if not claim.proof and not self._people.anybody():
            return ""  # while nobody is enrolled, nobody's word can be told from another's
        proof = self._proofs.find(claim.proof) if claim.proof else None
        if why := unborne(proof, person, said):
            return why
        written = proof is not None and proof.how == "mail" and said.act == "replied" and not person
        if not written and not self._on_staff(person):
            return f"nobody named {person} is on the staff"
        try:
            self._proofs.use(claim.proof, claim.use, now)
        except ProofRefused as refused:
            return str(refused)
        return ""

    def _record(self, claim: Claim, why: str) -> None:
        """Say in the log what was tried; what was said is nobody's record."""
        said = claim.said
        attempt = Episode(
            id=f"{said.about}#{ATTEMPT}-{content_hash(claim.model_dump(mode='json'))[:16]}",
            case_id=said.about,
            kind=ATTEMPT,
            at=self._clock(),
            data={"act": said.act, "person": claim.person, "why": why},
        )
        self._log.append([attempt])

"""The approvals a person sees and means: which may be theirs, and that they saw what they answer."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import ApprovalRequest
from contracts.money import money_text
from contracts.proof import AT_BEST
from policy.answering import question_of

if TYPE_CHECKING:
    from bootstrap.installation import Installation


class NoSuchRequest(LookupError):
    """No request has that name; the message says so."""


class AmbiguousRequest(LookupError):
    """Several requests could be meant; the message names them."""


class NotSeen(PermissionError):
    """Requests that were not listed to a person as they are now, and so are not answered in bulk."""

    def __init__(self, requests: Sequence[str]) -> None:
        """Keep their ids."""
        super().__init__(", ".join(requests))
        self.requests = tuple(requests)


@dataclass(frozen=True)
class Narrowing:
    """Which of several requests are meant; empty means no matter.

    Attributes:
        by_hand: whether those are meant that are answered by themselves: a case to handle by hand, and what
            a policy with `@bulk("no")` asks, as where a request was not understood.
        currency: what the bounds are amounts of; a request in another is not among them.
    """

    desk: str = ""
    by_hand: bool = True
    currency: str = ""
    min_cents: int | None = None
    max_cents: int | None = None

    def takes(self, request: ApprovalRequest) -> bool:
        """Say whether a request is among them."""
        return (
            (not self.desk or request.desk == self.desk)
            and (not self.currency or request.currency == self.currency)
            and (self.min_cents is None or request.amount_cents >= self.min_cents)
            and (self.max_cents is None or request.amount_cents <= self.max_cents)
        )


@dataclass(frozen=True)
class Meant:
    """The requests that a person means, and what they do not mean as each is answered by itself."""

    requests: tuple[ApprovalRequest, ...]
    left_out: tuple[ApprovalRequest, ...] = ()


def listed(
    installation: "Installation", wanted: ApprovalFilter, person: str, limit: int, now: datetime
) -> list[ApprovalEntry]:
    """Return the requests that pass a filter, the oldest first; with a person, those they may answer.

    What a person is shown counts as seen by them.
    """
    queue = installation.approval_queue
    pages = queue.pages(wanted)
    if not person:
        return list(islice(chain.from_iterable(pages), limit))
    found = list(islice(_theirs(installation, pages, person, now), limit))
    queue.show_to(person, found, now)
    return found


def _theirs(
    installation: "Installation", pages: Iterable[Sequence[ApprovalEntry]], person: str, now: datetime
) -> Iterator[ApprovalEntry]:
    """Yield the lines that a person may answer; what policy would be asked in the same words, it is once."""
    engine, judged = installation.policy_engine, dict[str, bool]()
    for page in pages:
        handed = {entry.id for entry in page if person in entry.delegated_to}
        asked = installation.approvals.requests([entry.id for entry in page if entry.id not in handed])
        for entry in page:
            if entry.id in handed:
                yield entry
            elif request := asked.get(entry.id):
                question = json.dumps(question_of(person, request, now, AT_BEST), sort_keys=True)
                if question not in judged:
                    judged[question] = engine.may_answer(person, request, now).outcome == "allow"
                if judged[question]:
                    yield entry


def may_answer(installation: "Installation", person: str, entry: ApprovalEntry, now: datetime) -> bool:
    """Say whether a person may answer a request now, by policy or because it was handed to them."""
    if person in entry.delegated_to:
        return True
    record = installation.approvals.find(entry.id)
    if record is None:
        return False
    return installation.policy_engine.may_answer(person, record.request, now).outcome == "allow"


def who_may(installation: "Installation", request: ApprovalRequest, now: datetime) -> tuple[str, ...]:
    """Return the people who may answer a request now."""
    engine = installation.policy_engine
    return tuple(
        person
        for person in sorted(engine.book.staff.people)
        if engine.may_answer(person, request, now).outcome == "allow"
    )


def authority_words(
    installation: "Installation", person: str, request: ApprovalRequest, now: datetime
) -> str:
    """Return whose answer would count, and up to which amount this person's does; for a refusal."""
    staff = installation.policy_engine.book.staff
    others = ", ".join(who_may(installation, request, now)) or "nobody who is here now"
    may = f"who may answer: {others}"
    if person not in staff.people or not request.amount_cents:
        return may
    standing = staff.standing(person, now, currency=request.currency)
    limit = money_text(standing.limit_cents, standing.limit_currency)
    return f"{person} answers up to {limit}; {may}"


def locate(installation: "Installation", name: str) -> str:
    """Return the id of the request that has this id, this beginning of an id, or this case.

    A case may be named by its last part, or the beginning of that.

    Raises:
        NoSuchRequest: there is none.
        AmbiguousRequest: there are several.
    """
    queue = installation.approval_queue
    found = queue.locate(name)
    if not found:
        found = [id_ for case_id in installation.cases.locate(name) for id_ in queue.locate(case_id)]
    if not found:
        raise NoSuchRequest(f"no request {name!r}; `kontor approvals list` lists what waits")
    if len(found) > 1:
        raise AmbiguousRequest(f"{name!r} could be {', '.join(found)}: say more of it")
    return found[0]


def meant(
    installation: "Installation", person: str, names: Sequence[str] | None, narrowing: Narrowing
) -> Meant:
    """Return the requests that a person means; several only if they saw each as it still is.

    Args:
        installation: whose queue is read.
        person: who answers.
        names: requests by `locate`; None means all that were listed to the person.
        narrowing: which of them.

    Raises:
        NoSuchRequest, AmbiguousRequest: a name is not one request's.
        NotSeen: some were not listed to the person, or changed since.
    """
    seen = installation.approval_queue.seen_by(person)
    ids = list(seen) if names is None else list(_located(installation, names))
    found = [record.request for id_ in ids if (record := installation.approvals.find(id_))]
    if len(found) > 1 or names is None:
        unseen = [request.id for request in found if seen.get(request.id) != request.arguments_hash]
        if unseen:
            raise NotSeen(unseen)
    taken = tuple(request for request in found if narrowing.takes(request))
    if narrowing.by_hand:
        return Meant(taken)
    return Meant(
        requests=tuple(request for request in taken if not request.alone),
        left_out=tuple(request for request in taken if request.alone),
    )


def _located(installation: "Installation", names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        yield locate(installation, name)

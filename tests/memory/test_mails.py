"""Mails in SQL, on both engines: kept once, placed as the pure rules place them, taken apart again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from benchmarks.inbox import ORDER, OURS, by_rules
from benchmarks.mail_storm import KEY, OWN, storm
from contracts.case import CaseRecord, CaseStatus
from contracts.event import EventHandled, EventRecord, EventStanding
from contracts.mailbox import Mailbox
from mail.arrival import Fate, KeptMail, Transport
from mail.message import Mail
from mail.place import Join
from mail.reading import read_mail
from memory.authoritative.case_writer import SqlCaseWriter
from memory.authoritative.erasure import CustomerTextEraser
from memory.authoritative.events import SqlEvents
from memory.authoritative.mails.keeping import MailboxFull, MailKeeper
from memory.authoritative.mails.lists import MailFilter, MailLists
from memory.authoritative.mails.moving import CannotMove, MailMoves
from service.post import arrival_of
from tests.desks.toy.desk import DESK
from tests.memory.audit_helpers import journal
from workflows.registry import kept_fields, registered

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
BOX = Mailbox(
    name="support",
    address=OWN,
    also=OURS,
    channel="shop",
    desk="toy",
    key=ORDER.pattern,
    request={"id": "id"},
)
DAYS = timedelta(days=90)
ANNA = "anna@one.example"


@dataclass
class Post:
    """The books of one mailbox."""

    keeper: MailKeeper
    lists: MailLists
    moves: MailMoves
    events: SqlEvents

    def comes(self, raw: bytes, lies: Transport | None = None, most: int = 1000) -> KeptMail:
        arrival = arrival_of(BOX, raw, frozenset(OURS))
        number = self.keeper.keep(arrival, lies, kept_for=DAYS, most_waiting=most, now=NOW)
        found = self.lists.find(number)
        assert found is not None
        return found

    def waiting(self) -> list[EventRecord]:
        return self.events.waiting("mail:support", 1000, NOW)


@pytest.fixture
def post(engine: Engine) -> Post:
    books = journal(engine)
    return Post(
        MailKeeper(books, frozenset(OURS), lambda: KEY), MailLists(engine), MailMoves(books), SqlEvents(books)
    )


def letter(number: int, text: str, sender: str = ANNA, **headers: str) -> bytes:
    given = {
        "From": sender,
        "To": OWN,
        "Subject": "My kettle leaks badly",
        "Date": f"Mon, 30 Nov 2026 10:{number:02}:00 +0000",
        "Message-ID": f"<{number}@one.example>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return "\n".join([*(f"{name}: {value}" for name, value in given.items()), "", text]).encode()


def test_a_mail_is_kept_once_and_handed_on_once_however_often_it_comes(post: Post) -> None:
    first = post.comes(letter(1, "It leaks, order 10001"), Transport(validity=7, uid=1))
    again = post.comes(letter(1, "It leaks, order 10001"), Transport(validity=8, uid=1))
    copy = post.comes(b"Received: by another\n" + letter(1, "It leaks, order 10001"))

    assert again == first
    assert (copy.fate, copy.same_as) == (Fate.COPY, first.digest)
    [event] = post.waiting()
    said = json.loads(event.body)
    assert (event.type, event.key, said["key"], said["sender"]) == ("mail.new", first.digest, "10001", ANNA)
    assert said["id"].startswith("mail-")
    assert (post.lists.uids("support", 7), post.lists.uids("support", 8)) == ({1}, {1})


def test_many_that_bring_one_mail_at_once_keep_one(post: Post) -> None:
    raw = letter(1, "It leaks")
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: post.comes(raw), range(16)))
    assert len({each.number for each in kept}) == 1
    assert len(post.waiting()) == 1


def test_machines_mail_and_what_is_no_mail_are_kept_with_a_reason_and_handed_to_nobody(post: Post) -> None:
    machine = post.comes(letter(1, "away", Auto_Submitted="auto-replied"))
    none = post.comes(b"\nno headers")
    assert (machine.fate, none.fate) == (Fate.MACHINE, Fate.UNREADABLE)
    assert "Auto-Submitted" in machine.why
    assert "no headers" in none.why
    assert post.waiting() == []


def test_a_full_mailbox_keeps_nothing_and_takes_the_same_mail_later(post: Post) -> None:
    post.comes(letter(1, "one"))
    with pytest.raises(MailboxFull):
        post.comes(letter(2, "two"), most=1)
    assert len(post.lists.newest(MailFilter())) == 1
    assert post.comes(letter(2, "two")).fate is Fate.BEGINS


def test_the_books_place_a_storm_as_the_pure_rules_do(post: Post) -> None:
    mails = storm(seed=3, count=150)
    read = [each for mail in mails if isinstance(each := read_mail(mail.raw), Mail)]
    wanted = by_rules(read)
    kept = [post.comes(each.raw) for each in mails]

    placed = {at: each.conversation for at, each in enumerate(kept) if each.conversation}
    same = {at: each.same_as for at, each in enumerate(kept) if each.same_as}
    assert placed == wanted.placed
    assert same == wanted.same
    assert sum(each.fate is Fate.MACHINE for each in kept) == len(kept) - len(placed) - len(same)


def test_a_mail_that_is_taken_out_moves_with_its_answers_and_leaves_no_trace_in_what_it_left(
    post: Post,
) -> None:
    first = post.comes(letter(1, "Order 10001 leaks"))
    wrong = post.comes(letter(2, "About order 10001", Subject="Any news?"))
    answer = post.comes(letter(3, "more", In_Reply_To="<2@one.example>", Subject="Re: Any news?"))
    stays = post.comes(letter(4, "more", In_Reply_To="<1@one.example>"))
    assert {each.conversation for each in (wrong, answer, stays)} == {first.conversation}

    moved = post.moves.unjoin(wrong.number, "another kettle", "ben", NOW)

    assert moved == [wrong.number, answer.number]
    after = {each.number: each for each in post.lists.newest(MailFilter())}
    assert after[wrong.number].conversation == after[answer.number].conversation == wrong.digest
    assert after[stays.number].conversation == first.digest
    assert (after[wrong.number].fate, after[wrong.number].linked) == (Fate.BEGINS, (first.digest,))
    assert "another kettle" in after[wrong.number].moved
    waiting = [(event.type, event.key) for event in post.waiting()]
    assert sorted(waiting) == sorted(
        [
            ("mail.new", first.digest),
            ("mail.joined", first.digest),
            ("mail.new", wrong.digest),
            ("mail.joined", wrong.digest),
        ]
    )
    later = post.comes(letter(5, "and", In_Reply_To="<2@one.example>", Subject="Re: Any news?"))
    assert later.conversation == wrong.digest


def test_what_joined_nothing_cannot_be_taken_out(post: Post) -> None:
    first = post.comes(letter(1, "one"))
    with pytest.raises(CannotMove, match="joined no conversation"):
        post.moves.unjoin(first.number, "why", "ben", NOW)


def test_a_person_who_vouches_names_the_events_that_stand_aside(post: Post) -> None:
    first = post.comes(letter(1, "one"))
    [event] = post.waiting()
    post.events.handled(event, EventHandled(standing=EventStanding.QUARANTINED, why="not proved"), NOW)
    assert post.moves.vouch(first.number, "ben", NOW) == [event.position]
    found = post.lists.find(first.number)
    assert found is not None
    assert found.proof == "person:ben"
    assert (found.standing, found.standing_why) == ("quarantined", "not proved")


def test_bytes_go_when_they_were_kept_long_enough_and_what_was_read_stays(post: Post) -> None:
    raw = letter(1, "Order 10001 leaks")
    first = post.comes(raw)
    assert post.lists.raw(first.number) == raw
    assert post.keeper.drop_old(NOW + DAYS - timedelta(seconds=1)) == 0
    assert post.keeper.drop_old(NOW + DAYS) == 1
    assert post.lists.raw(first.number) is None
    assert post.comes(b"Received: late\n" + raw).same_as == first.digest
    assert post.comes(letter(2, "of order 10001", Subject="News?")).join is Join.KEY


def test_a_forgotten_customers_mails_lose_their_words_and_are_still_known(post: Post, engine: Engine) -> None:
    raw = letter(1, "Order 10001 leaks")
    first = post.comes(raw)
    [event] = post.waiting()
    began = EventHandled(standing=EventStanding.STARTED, cases=("toy/shop/1",))
    post.events.handled(event, began, NOW)
    books = journal(engine)
    case = CaseRecord(
        id="toy/shop/1",
        desk="toy",
        channel="shop",
        customer="c-1",
        status=CaseStatus.SETTLED,
        summary="",
        request={"id": "1", "channel": "shop", "customer": ANNA, "body": "x"},
        opened_at=NOW,
        updated_at=NOW,
    )
    SqlCaseWriter(books).record(case, [])
    with registered(DESK):
        CustomerTextEraser(books, kept_fields()).forget(ANNA, [])

    after = post.lists.find(first.number)
    assert after is not None
    assert (after.sender, after.subject, after.has_raw) == ("", "", False)
    assert post.comes(raw) == after

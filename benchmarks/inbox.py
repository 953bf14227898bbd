"""Where mails belong, and whether the clock is right: a labelled storm, beside threading by headers alone.

No server and no mailbox: what is measured is the rules. Pairs are of mails that people wrote, copies aside.
The clock is read on random timelines, beside a counter of minutes.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.clock_timelines import wrong
from benchmarks.mail_storm import ALSO_OURS, KEY, OWN, StormMail, storm
from benchmarks.rows import Row
from mail.index import MailIndex
from mail.message import Mail
from mail.place import place
from mail.reading import read_mail
from mail.signs import written_by
from mail.topic import stated

OURS = (OWN, ALSO_OURS)
ORDER = re.compile(r"\b\d{5}\b")
TIMELINES = 10_000
ERRORS = ("join_wrong", "machine_answered", "twice", "lost")


@dataclass
class Sorted:
    """What became of a storm.

    Attributes:
        placed: by the mail's place in the storm: its conversation, for those that begin or join one.
        same: by place: the mail that it was taken for another delivery of.
        answered: the places of mails that were taken for a person's.
    """

    placed: dict[int, str] = field(default_factory=dict)
    same: dict[int, str] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)


async def rows() -> list[Row]:
    """Return errors, precision and recall of the rules and of headers alone, and the time a mail takes."""
    mails = storm()
    began = time.perf_counter()
    read = [_read(each) for each in mails]
    seconds_read = time.perf_counter() - began
    began = time.perf_counter()
    ours = by_rules(read)
    seconds = time.perf_counter() - began
    floor = by_headers(read)
    found, bare = judged(mails, read, ours), judged(mails, read, floor)
    return [
        *(Row(f"inbox.{name}", found[name], "count", bare[name]) for name in ERRORS),
        Row("inbox.person_unanswered", found["person_unanswered"], "count"),
        Row("inbox.thread_precision", found["precision"], "share", bare["precision"]),
        Row("inbox.thread_recall", found["recall"], "share", bare["recall"]),
        Row("inbox.read_ms", 1000 * seconds_read / len(mails), "ms"),
        Row("inbox.place_ms", 1000 * seconds / len(mails), "ms"),
        Row("inbox.sla_timelines", TIMELINES, "count"),
        Row("inbox.sla_wrong", len(wrong(TIMELINES)), "count", 0),
    ]


def by_rules(read: Sequence[Mail]) -> Sorted:
    """Sort mails as Kontor does."""
    done, index = Sorted(), MailIndex(OURS, KEY)
    for at, mail in enumerate(read):
        if written_by(mail, OURS).machine:
            continue
        keys = stated(mail, ORDER)
        placed = place(mail, index.known(mail, keys), keys)
        if placed.same_as:
            done.same[at] = placed.same_as
            continue
        done.answered.add(at)
        done.placed[at] = placed.conversation
        index.add(mail, placed)
    return done


def by_headers(read: Sequence[Mail]) -> Sorted:
    """Sort mails as is commonly done: a Message-ID is the message, its references are the thread."""
    done, conversations = Sorted(), dict[str, str]()
    first: dict[str, str] = {}
    for at, mail in enumerate(read):
        if mail.signs.get("auto-submitted", "no") != "no" or "list-id" in mail.signs:
            continue
        if mail.message_id and mail.message_id in first:
            done.same[at] = first[mail.message_id]
            continue
        known = [
            conversations[each] for each in (*mail.in_reply_to, *mail.references) if each in conversations
        ]
        done.placed[at] = known[0] if known else mail.digest
        done.answered.add(at)
        if mail.message_id:
            first[mail.message_id] = mail.digest
            conversations[mail.message_id] = done.placed[at]
    return done


def judged(mails: Sequence[StormMail], read: Sequence[Mail], done: Sorted) -> dict[str, float]:
    """Return the errors of one way to sort, and its precision and recall over pairs."""
    digests = [each.digest for each in read]
    first_of = {digest: at for at, digest in reversed(list(enumerate(digests)))}
    people = [at for at, each in enumerate(mails) if not each.is_machine and each.copy_of < 0]
    begun_by: dict[str, str] = {}
    wrong = 0
    for at in sorted(done.placed):
        if mails[at].is_machine:
            continue
        owner = begun_by.setdefault(done.placed[at], _owner(mails[at].person))
        wrong += owner != _owner(mails[at].person)
    lost = sum(at in done.same and first_of[done.same[at]] != mails[at].copy_of for at in people)
    twice = sum(
        each.copy_of >= 0 and not each.is_machine and at in done.placed for at, each in enumerate(mails)
    )
    precision, recall = _pairs(
        people, lambda at: done.placed.get(at, f"none {at}"), lambda at: str(mails[at].about)
    )
    return {
        "join_wrong": wrong,
        "machine_answered": sum(each.is_machine and at in done.answered for at, each in enumerate(mails)),
        "person_unanswered": sum(at not in done.answered and at not in done.same for at in people),
        "twice": twice,
        "lost": lost,
        "precision": precision,
        "recall": recall,
    }


def _pairs(
    people: Sequence[int], found: Callable[[int], str], true: Callable[[int], str]
) -> tuple[float, float]:
    both = _together(Counter((found(at), true(at)) for at in people))
    return both / _together(Counter(map(found, people))), both / _together(Counter(map(true, people)))


def _together(groups: Counter[str] | Counter[tuple[str, str]]) -> int:
    return sum(size * (size - 1) // 2 for size in groups.values())


def _owner(person: str) -> str:
    """Return whose a conversation is: one person may write from two addresses."""
    return person.removeprefix("other.")


def _read(mail: StormMail) -> Mail:
    read = read_mail(mail.raw)
    assert isinstance(read, Mail), read
    return read

"""Same message, same thread, same case: each answered by itself, with a reason."""

import re

import pytest

from benchmarks.inbox import by_headers, by_rules, judged
from benchmarks.mail_storm import storm
from mail.index import MailIndex
from mail.known import tag_of
from mail.message import Mail
from mail.place import Join, Place, place
from mail.reading import read_mail
from mail.reply_address import reply_address, token_of
from mail.topic import alike, stated, stem

OWN, KEY = "service@example.com", b"key"
ORDER = re.compile(r"\b\d{5}\b")
ANNA, BEN = "anna@one.example", "ben@two.example"


class Box:
    """A mailbox whose mails are placed as they come."""

    def __init__(self) -> None:
        self.index = MailIndex({OWN}, KEY)
        self.minutes = iter(range(60))

    def comes(self, sender: str, subject: str, text: str = "", **headers: str) -> Place:
        """Place a mail; each has its own moment and id, unless the headers say otherwise."""
        minute = next(self.minutes)
        given = {
            "From": sender,
            "To": OWN,
            "Subject": subject,
            "Date": f"Mon, 30 Nov 2026 10:{minute:02}:00 +0000",
            "Message-ID": f"<{minute}@{sender.partition('@')[2]}>",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in given.items() if value]
        read = read_mail("\n".join([*lines, "", text]).encode())
        assert isinstance(read, Mail)
        keys = stated(read, ORDER)
        placed = place(read, self.index.known(read, keys), keys)
        self.index.add(read, placed)
        return placed


@pytest.fixture
def box() -> Box:
    return Box()


def test_another_delivery_is_the_same_message_and_says_of_which(box: Box) -> None:
    date = "Mon, 30 Nov 2026 09:00:00 +0000"
    first = box.comes(ANNA, "Kettle", "It leaks", Date=date)
    again = box.comes(
        ANNA, "Kettle", "It leaks", Date=date, Received="by another", Message_ID="<0@one.example>"
    )
    other_id = box.comes(ANNA, "Kettle", "It leaks", Date=date, Message_ID="<rewritten@gateway>")
    assert again.same_as == first.conversation
    assert other_id.same_as == first.conversation


def test_one_id_on_two_mails_is_two_messages_and_says_so(box: Box) -> None:
    first = box.comes(ANNA, "Kettle", "It leaks", Message_ID="<1@localhost>")
    second = box.comes(BEN, "Mat", "Wrong colour", Message_ID="<1@localhost>")
    assert not second.same_as
    assert second.contested
    assert second.conversation != first.conversation
    assert "its Message-ID is that of another mail, with other content" in second.why


def test_the_same_words_at_another_moment_are_another_message(box: Box) -> None:
    box.comes(ANNA, "Any news", "Hello?")
    assert not box.comes(ANNA, "Any news", "Hello?").same_as


def test_mails_without_id_and_date_are_the_same_only_byte_for_byte(box: Box) -> None:
    box.comes(ANNA, "Any news", "Hello?", Date="", Message_ID="", Received="by one")
    assert not box.comes(ANNA, "Any news", "Hello?", Date="", Message_ID="", Received="by two").same_as
    assert box.comes(ANNA, "Any news", "Hello?", Date="", Message_ID="", Received="by one").same_as


def test_an_answer_joins_by_its_headers_where_its_sender_takes_part(box: Box) -> None:
    first = box.comes(ANNA, "Kettle", "It leaks", Cc=BEN)
    for sender in (ANNA, BEN):
        answer = box.comes(sender, "AW: Kettle", "Yes", References="<0@one.example> <ours@example.com>")
        assert (answer.conversation, answer.join) == (first.conversation, Join.HEADERS)


def test_a_stranger_with_the_headers_of_a_mail_is_linked_and_not_joined(box: Box) -> None:
    first = box.comes(ANNA, "Kettle", "It leaks")
    stranger = box.comes(BEN, "Re: Kettle", "Send the money to me", In_Reply_To="<0@one.example>")
    assert stranger.join is None
    assert stranger.conversation != first.conversation
    assert stranger.linked == (first.conversation,)


def test_an_answer_to_an_id_that_two_have_goes_to_the_one_its_sender_wrote(box: Box) -> None:
    box.comes(ANNA, "Kettle", "It leaks", Message_ID="<1@localhost>")
    second = box.comes(BEN, "Mat", "Wrong colour", Message_ID="<1@localhost>")
    assert box.comes(BEN, "Re: Mat", In_Reply_To="<1@localhost>").conversation == second.conversation


def test_our_reply_address_joins_whoever_has_it(box: Box) -> None:
    first = box.comes(ANNA, "Kettle", "It leaks")
    address = reply_address(OWN, token_of(first.conversation, KEY))
    joined = box.comes("anna@private.example", "From my phone", "Yes", To=address)
    assert (joined.conversation, joined.join) == (first.conversation, Join.TOKEN)
    guessed = reply_address(OWN, token_of(first.conversation, b"another key"))
    assert box.comes(BEN, "Hi", To=guessed).join is None


def test_our_tag_joins_only_who_takes_part(box: Box) -> None:
    first = box.comes(ANNA, "Kettle", "It leaks")
    subject = f"Re: [{tag_of(first.conversation)}] Kettle"
    assert box.comes(ANNA, subject).join is Join.TAG
    stranger = box.comes(BEN, subject)
    assert stranger.join is None
    assert stranger.linked == (first.conversation,)


def test_an_answer_to_a_mail_that_is_not_known_joins_its_senders_one_conversation_of_that_subject(
    box: Box,
) -> None:
    first = box.comes(ANNA, "My kettle leaks badly", "It leaks", Message_ID="")
    answer = box.comes(ANNA, "Re: My kettle leaks badly", "Yes", In_Reply_To="<ours@example.com>")
    assert (answer.conversation, answer.join) == (first.conversation, Join.SUBJECT)
    box.comes(ANNA, "My kettle leaks badly", "Another one leaks, too")
    assert box.comes(ANNA, "Re: My kettle leaks badly", "Yes", In_Reply_To="<gone@example.com>").join is None


def test_an_answer_about_something_else_begins_a_case_in_the_same_thread_and_is_linked(box: Box) -> None:
    first = box.comes(ANNA, "Kettle of order 10001", "It leaks")
    other = box.comes(ANNA, "Invoice for my company", "Please", In_Reply_To="<0@one.example>")
    assert other.join is None
    assert other.thread == first.thread
    assert other.linked == (first.conversation,)


def test_another_subject_with_the_same_order_stays_in_its_case(box: Box) -> None:
    first = box.comes(ANNA, "Kettle of order 10001", "It leaks")
    answer = box.comes(ANNA, "Photos", "of order 10001", In_Reply_To="<0@one.example>")
    assert answer.conversation == first.conversation


def test_a_new_mail_joins_an_open_case_by_what_it_states_and_only_its_senders(box: Box) -> None:
    first = box.comes(ANNA, "Kettle", "Order 10001 leaks")
    assert box.comes(ANNA, "Any news?", "about 10001").join is Join.KEY
    stranger = box.comes(BEN, "My order", "about 10001")
    assert stranger.join is None
    assert stranger.linked == (first.conversation,)


def test_what_is_quoted_states_nothing(box: Box) -> None:
    box.comes(ANNA, "Kettle", "Order 10001 leaks")
    quoted = box.comes(ANNA, "Invoice", "Another question.\n\n> about order 10001\n")
    assert quoted.join is None
    assert quoted.keys == frozenset()


def test_whom_a_stranger_names_is_not_drawn_into_what_the_stranger_wrote(box: Box) -> None:
    trap = box.comes(BEN, "Order 10001", "about order 10001", Cc=ANNA, Reply_To=ANNA)
    own = box.comes(ANNA, "My order", "about order 10001")
    assert own.conversation != trap.conversation


@pytest.mark.parametrize(
    "subject",
    ["Kettle", "Re: kettle", "AW: WG: Kettle", "Re[2]: Kettle", "Fwd: [#0123456789] Kettle", "RE:  Kettle "],
)
def test_a_subject_is_the_same_whatever_programs_put_before_it(subject: str) -> None:
    assert stem(subject) == "kettle"


def test_subjects_that_were_cut_or_added_to_are_alike_and_short_ones_only_if_equal() -> None:
    assert alike("my kettle leaks and", "my kettle leaks and leaks")
    assert not alike("order", "my order of a kettle")


def test_over_a_storm_nobody_is_joined_to_another_and_no_machine_is_answered() -> None:
    mails = storm(seed=7, count=600)
    read = [each for mail in mails if isinstance(each := read_mail(mail.raw), Mail)]
    assert len(read) == len(mails)
    found = judged(mails, read, by_rules(read))
    wrong = {
        name: found[name] for name in ("join_wrong", "machine_answered", "twice", "lost", "person_unanswered")
    }
    assert wrong == dict.fromkeys(wrong, 0)
    assert found["precision"] >= 0.995
    assert found["recall"] >= 0.9


def test_the_storm_finds_what_headers_alone_get_wrong() -> None:
    mails = storm(seed=7, count=600)
    read = [each for mail in mails if isinstance(each := read_mail(mail.raw), Mail)]
    found = judged(mails, read, by_headers(read))
    assert all(found[name] > 0 for name in ("join_wrong", "machine_answered", "twice", "lost"))

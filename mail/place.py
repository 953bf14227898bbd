"""Three questions about a mail, never one: is it the same message, the same thread, the same case?

Pure: from the mail and what is known. Each answer has its reason. A mail's headers are strangers' words: they
join only where the sender takes part already; elsewhere the conversations are linked, for people to see.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

from contracts.base import Frozen
from mail.known import Conversation, Known, KnownMail
from mail.message import Mail
from mail.signs import without_tag
from mail.topic import SHORTEST_SHARED_CHARS, alike, stem, tags


class Join(StrEnum):
    """Why a mail belongs to what came before.

    `token`: it came to the reply address of the conversation. `headers`: it answers a mail of it.
    `tag`: our tag is in its subject. `subject`: it answers something that is not known here, and only one
    conversation of its sender has that subject. `key`: it states what the conversation is about, such as the
    order.
    """

    TOKEN = "token"  # noqa: S105 (a word, not a token)
    HEADERS = "headers"
    TAG = "tag"
    SUBJECT = "subject"
    KEY = "key"


class Place(Frozen):
    """Where a mail belongs.

    Attributes:
        same_as: the mail that it is another delivery of; then nothing else is said.
        contested: its Message-ID is another mail's, too.
        thread: the digest of the mail that its thread began with, its own if that is this one.
        conversation: the same of its conversation.
        join: why it is in a conversation that was there before; None if it begins one.
        linked: conversations that it may have to do with: people see them, and nothing is joined.
        keys: what it states.
        why: the reason, in words.
    """

    same_as: str = ""
    contested: bool = False
    thread: str = ""
    conversation: str = ""
    join: Join | None = None
    linked: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    why: str


class Reached(Frozen):
    """What a mail answers.

    Attributes:
        thread: empty if it answers nothing that is known.
        conversation: the one that it answers in, if its sender may.
        join: how it was found.
        linked: conversations that it names, and whose sender takes no part in them.
        why: the reason, in words.
    """

    thread: str = ""
    conversation: str = ""
    join: Join | None = None
    linked: tuple[str, ...] = ()
    why: str = ""


def place(mail: Mail, known: Known, keys: frozenset[str]) -> Place:
    """Answer the three questions about a mail, in their order.

    Args:
        mail: as it was read.
        known: what came before that it may have to do with.
        keys: what it states (`mail.topic.stated`), such as the number of an order.
    """
    same, contested, why = same_message(mail, known.mails)
    if same:
        return Place(same_as=same, why=why)
    reached = same_thread(mail, known)
    placed = same_case(mail, reached, keys, known)
    flagged = f"{placed.why}; {why}" if contested else placed.why
    return placed.model_copy(update={"contested": contested, "keys": keys, "why": flagged})


def same_message(mail: Mail, mails: Iterable[KnownMail]) -> tuple[str, bool, str]:
    """Say which mail it is another delivery of, if any; whether another one has its Message-ID; and why."""
    contested = ""
    for known in mails:
        if known.digest == mail.digest:
            return known.digest, False, "the same bytes came before"
        if known.content == mail.content:
            if mail.date is not None:
                return known.digest, False, "the same sender, moment, subject, words and attachments"
            if mail.message_id and known.message_id == mail.message_id:
                return known.digest, False, "the same Message-ID, sender, subject and words"
        if mail.message_id and known.message_id == mail.message_id:
            contested = "its Message-ID is that of another mail, with other content"
    return "", bool(contested), contested


def same_thread(mail: Mail, known: Known) -> Reached:
    """Say what a mail answers: by our reply address, then by its headers, then by our tag in its subject."""
    for token in tokens_of(mail):
        if token in known.tokens:
            conversation = known.tokens[token]
            why = "it came to the reply address of the conversation"
            return Reached(thread=conversation, conversation=conversation, join=Join.TOKEN, why=why)
    by_headers = _by_headers(mail, known)
    if by_headers.join:
        return by_headers
    said = tags(mail.subject)
    tagged = [each for each in known.conversations if each.tag in said]
    taking_part = [each for each in tagged if sender_of(mail) in each.people]
    if len(taking_part) == 1:
        [found] = taking_part
        why = f"its subject has the tag [{found.tag}], and its sender takes part"
        return Reached(thread=found.id, conversation=found.id, join=Join.TAG, why=why)
    if tagged and not by_headers.linked:
        why = "its subject has a tag of a conversation in which its sender takes no part"
        return Reached(linked=_ids(tagged), why=why)
    return by_headers if by_headers.linked else _by_subject(mail, known)


def _by_subject(mail: Mail, known: Known) -> Reached:
    """Find what an answer answers that names only mails which are not known here: mostly ours."""
    subject = stem(mail.subject)
    if not (mail.in_reply_to or mail.references) or len(subject) < SHORTEST_SHARED_CHARS:
        return Reached()
    found = [
        each
        for each in known.conversations
        if each.is_open and sender_of(mail) in each.writers and subject in each.subjects
    ]
    if len(found) != 1:
        return Reached()
    why = "it is an answer, and its subject is that of the one open conversation of its sender"
    return Reached(thread=found[0].id, conversation=found[0].id, join=Join.SUBJECT, why=why)


def _by_headers(mail: Mail, known: Known) -> Reached:
    """Follow In-Reply-To, then the references from the newest.

    Of the conversations in which the sender takes part the one with the mail's subject is meant, else the
    newest; a Message-ID that several mails have names none of them.
    """
    named: dict[str, str] = {}
    doubtful: set[str] = set()
    for message_id in dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))):
        found = {each.conversation: each.thread for each in known.mails if each.message_id == message_id}
        own = [each for each in found if _takes_part(mail, known.conversation(each))]
        doubtful |= set(own) - set(named) if len(own) > 1 else set()
        named |= {each: thread for each, thread in found.items() if each not in named}
    order = list(named)
    there = sorted(
        (each for each in known.conversations if each.id in named), key=lambda each: order.index(each.id)
    )
    taking_part = [each for each in there if _takes_part(mail, each)]
    meant = [each for each in taking_part if _has_subject(mail, each)] or [
        each for each in taking_part if each.id not in doubtful
    ]
    if meant:
        why = "it answers a mail of a conversation in which its sender takes part"
        return Reached(thread=named[meant[0].id], conversation=meant[0].id, join=Join.HEADERS, why=why)
    if taking_part:
        why = "it answers a Message-ID that mails of several conversations have"
        return Reached(linked=_ids(taking_part), why=why)
    if there:
        why = "it answers a mail of a conversation in which its sender takes no part"
        return Reached(linked=_ids(there), why=why)
    return Reached()


def _takes_part(mail: Mail, conversation: Conversation | None) -> bool:
    return conversation is not None and sender_of(mail) in conversation.people


def _has_subject(mail: Mail, conversation: Conversation) -> bool:
    return any(alike(stem(mail.subject), each) for each in conversation.subjects)


def same_case(mail: Mail, reached: Reached, keys: frozenset[str], known: Known) -> Place:
    """Say which case a mail belongs to: that of what it answers, that of what it states, or a new one."""
    answered = known.conversation(reached.conversation)
    if answered is not None and reached.join is Join.TOKEN and answered.is_open:
        return _joins(reached.thread, answered, Join.TOKEN, reached.why)
    if answered is not None and reached.join is not None:
        if answered.is_open and not is_new_topic(mail, keys, answered):
            return _joins(reached.thread, answered, reached.join, reached.why)
        ending = "begins another topic" if answered.is_open else "that conversation's case has ended"
        why = f"{reached.why}, and {ending}"
        return Place(thread=reached.thread, conversation=mail.digest, linked=(answered.id,), why=why)
    # Of its own writing only: whom a stranger named takes no part in what the stranger wrote.
    own = [each for each in known.conversations if sender_of(mail) in each.writers and each.is_open]
    about = [each for each in own if each.keys & keys]
    if len(about) == 1 and not reached.linked:
        [found] = about
        named = ", ".join(sorted(found.keys & keys))
        why = f"its sender wrote in an open conversation about {named}, which it states"
        return _joins(mail.digest, found, Join.KEY, why)
    others = [each for each in known.conversations if each.keys & keys and each not in own]
    linked = tuple(dict.fromkeys((*reached.linked, *_ids(about or own), *_ids(others))))
    return Place(
        thread=mail.digest, conversation=mail.digest, linked=linked, why=_why_new(reached, own, others)
    )


def _why_new(reached: Reached, own: Sequence[Conversation], others: Sequence[Conversation]) -> str:
    """Say why a mail begins a conversation."""
    if reached.why:
        return reached.why
    if own:
        return "it does not say which of its sender's open conversations it belongs to"
    return "others wrote about what it states" if others else "nothing known has to do with it"


def is_new_topic(mail: Mail, keys: frozenset[str], conversation: Conversation) -> bool:
    """Say whether an answer is about something else: another subject, and nothing that was stated before."""
    if not stem(mail.subject) or _has_subject(mail, conversation):
        return False
    return not keys & conversation.keys


def sender_of(mail: Mail) -> str:
    """Return whom a mail says that it is from, without a tag; empty if nobody."""
    return without_tag(mail.sender.address)


def people_of(mail: Mail, own: Collection[str]) -> frozenset[str]:
    """Return who takes part by a mail: whoever wrote it and whom it names, none of ours."""
    named = (mail.sender, *mail.reply_to, *mail.recipients)
    return frozenset(without_tag(each.address) for each in named if each.address) - frozenset(own) - {""}


def _joins(thread: str, conversation: Conversation, join: Join, why: str) -> Place:
    return Place(thread=thread, conversation=conversation.id, join=join, why=why)


def tokens_of(mail: Mail) -> Iterator[str]:
    """Yield what stands behind a plus in the addresses that a mail went to."""
    for address in (*(each.address for each in mail.recipients), *mail.delivered_to):
        if token := address.partition("@")[0].partition("+")[2]:
            yield token


def _ids(conversations: Iterable[Conversation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.id for each in conversations))

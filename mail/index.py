"""Mails that came in, in memory: what `known` is drawn from when they are only looked through, not kept."""

from collections import defaultdict
from collections.abc import Collection

from mail.known import Conversation, Known, KnownMail
from mail.message import Mail
from mail.place import Place, people_of, sender_of, tokens_of
from mail.reply_address import token_of
from mail.topic import stem, tags


class MailIndex:
    """Holds each mail once, by what another one may share with it."""

    def __init__(self, own: Collection[str], key: bytes = b"") -> None:
        """Begin with nothing.

        Args:
            own: our own addresses, in small letters.
            key: of our reply addresses; without one there are none.
        """
        self._own = frozenset(own)
        self._key = key
        self._by_word: dict[str, set[str]] = defaultdict(set)
        self._tokens: dict[str, str] = {}
        self._mails: list[KnownMail] = []
        self._by_id: dict[str, list[int]] = defaultdict(list)
        self._by_content: dict[str, list[int]] = defaultdict(list)
        self._conversations: dict[str, Conversation] = {}
        self._by_person: dict[str, set[str]] = defaultdict(set)

    def known(self, mail: Mail, keys: frozenset[str]) -> Known:
        """Return what a mail may have to do with that states these keys."""
        shared = {*self._by_id.get(mail.message_id, ()), *self._by_content.get(mail.content, ())}
        for message_id in (*mail.in_reply_to, *mail.references):
            shared.update(self._by_id.get(message_id, ()))
        mails = [self._mails[at] for at in sorted(shared)]
        there = {each.conversation for each in mails} | self._by_person.get(sender_of(mail), set())
        there.update(*(self._by_word.get(word, ()) for word in tags(mail.subject) | keys))
        tokens = {token: self._tokens[token] for token in tokens_of(mail) if token in self._tokens}
        conversations = tuple(self._conversations[each] for each in sorted(there | set(tokens.values())))
        return Known(mails=tuple(mails), conversations=conversations, tokens=tokens)

    def add(self, mail: Mail, placed: Place) -> None:
        """Keep a mail where it was placed; another delivery of one is not kept."""
        if placed.same_as:
            return
        found = KnownMail(
            digest=mail.digest,
            content=mail.content,
            message_id=mail.message_id,
            date=mail.date,
            thread=placed.thread,
            conversation=placed.conversation,
        )
        if mail.message_id:
            self._by_id[mail.message_id].append(len(self._mails))
        self._by_content[mail.content].append(len(self._mails))
        self._mails.append(found)
        people = people_of(mail, self._own)
        conversation = grown(self._conversations.get(placed.conversation), mail, placed, people)
        self._conversations[conversation.id] = conversation
        for word in placed.keys | {conversation.tag}:
            self._by_word[word].add(conversation.id)
        for person in people:
            self._by_person[person].add(conversation.id)
        if self._key:
            self._tokens[token_of(conversation.id, self._key)] = conversation.id


def grown(known: Conversation | None, mail: Mail, placed: Place, people: frozenset[str]) -> Conversation:
    """Return a conversation with one more mail in it; None begins one."""
    subjects = frozenset({stem(mail.subject)}) - {""}
    writers = frozenset({sender_of(mail)}) - {""}
    if known is None:
        return Conversation(
            id=placed.conversation, people=people, writers=writers, subjects=subjects, keys=placed.keys
        )
    return known.model_copy(
        update={
            "people": known.people | people,
            "writers": known.writers | writers,
            "subjects": known.subjects | subjects,
            "keys": known.keys | placed.keys,
        }
    )

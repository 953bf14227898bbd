"""People at the inbox desk: a queue, one word after the other, and nobody overwrites another."""

import json
import shutil
from pathlib import Path
from typing import Any

from cli.terminal import EXIT_FOUND, EXIT_USAGE
from tests.conftest import ROOT
from tests.workflows.inbox.conversation import INBOX as DESK
from tests.workflows.inbox.conversation import Conversations
from tests.workflows.inbox.test_inbox_desk import INVOICE, STRANGE
from tests.workflows.inbox.test_later_mail import Writer, kinds, open_question, soon
from tests.workflows.returns.test_undo import kontor
from workflows.inbox.words import Word, WordTaken

NEWSLETTER = "Please unsubscribe me from your newsletter, I do not want to get it any more."


async def waits(conversations: Conversations, text: str) -> str:
    """Let a mail come that is a person's; return its case."""
    mail = conversations.mail(text)
    await conversations.submit(mail)
    await conversations.question(mail)
    return DESK.case_id(mail)


async def does(conversations: Conversations, *words: str) -> tuple[int, dict[str, Any]]:
    return await kontor(conversations.shop, "inbox", *words)


async def test_a_conversation_is_claimed_answered_and_closed_and_each_change_names_the_version_that_was_seen(
    conversations: Conversations,
) -> None:
    mail = conversations.mail(INVOICE)
    await conversations.submit(mail)
    await conversations.question(mail)
    case = DESK.case_id(mail)
    claimed = await does(conversations, "claim", case, "--version", "0", "--as", "chris")
    too_late = await does(conversations, "claim", case, "--version", "0", "--as", "dana")
    not_theirs = await does(conversations, "snooze", case, "--version", "1", "--for", "2h", "--as", "dana")
    words = "Here it is: number 4711."
    answered = await does(conversations, "answer", case, "--version", "1", "--text", words, "--as", "chris")
    shown = await does(conversations, "show", case)
    stale = await does(conversations, "close", case, "--version", "1", "--why", "sent", "--as", "chris")
    closed = await does(conversations, "close", case, "--version", "2", "--why", "sent", "--as", "chris")
    result = await conversations.ended(mail)

    assert (claimed[0], claimed[1]["standing"]["owner"]) == (0, "chris")
    assert (too_late[0], too_late[1]["became"]) == (EXIT_FOUND, "stale")
    assert "chris: claim" in too_late[1]["why"]
    assert (not_theirs[0], "chris has it" in not_theirs[1]["why"]) == (EXIT_FOUND, True)
    assert answered[1]["became"] == "done"
    assert (shown[1]["standing"]["version"], shown[1]["written"][-1]) == (2, INVOICE)
    assert stale[1]["became"] == "stale"
    assert (closed[1]["became"], result.outcome) == ("done", "handled_by_hand")
    [received, own] = conversations.told(mail)
    assert words in own.get_content()
    assert own["In-Reply-To"] == f"<{mail.message_id}>"
    assert (received["Auto-Submitted"], own["Auto-Submitted"]) == ("auto-replied", None)


async def test_who_is_not_of_the_team_or_not_on_the_staff_does_nothing(conversations: Conversations) -> None:
    writer = Writer(conversations, "inbox")
    first = await writer.writes(
        "I want to apply for a job in your shop. My papers are attached to this mail."
    )
    await soon(lambda: open_question(conversations, first.case_id))
    stranger = await does(conversations, "claim", first.case_id, "--version", "0", "--as", "eve")
    clerk = await does(
        conversations, "hand-on", first.case_id, "--version", "0", "--team", "no", "--as", "anna"
    )

    assert stranger == (EXIT_FOUND, {})
    assert (clerk[0], "has no team" in clerk[1]["why"]) == (EXIT_FOUND, True)


async def test_what_is_handed_on_by_its_topic_is_its_teams_and_an_example_to_be_reviewed(
    conversations: Conversations, tmp_path: Path
) -> None:
    case = await waits(conversations, STRANGE)
    _, before = await does(conversations, "why", case)
    handed = await does(
        conversations, "hand-on", case, "--version", "0", "--topic", "complaint", "--as", "chris"
    )
    lead = await soon(lambda: asked_of(conversations, case, "lead"))
    nobody = await does(conversations, "claim", case, "--version", "1", "--as", "chris")
    _, queue = await does(conversations, "queue", "--team", "lead")
    collected = tmp_path / "review.jsonl"
    await kontor(conversations.shop, "models", "learn", "inbox.topic", "--collect", str(collected))
    _, after = await does(conversations, "why", case)

    assert before["team"] == "front"
    assert handed[1]["standing"]["team"] == "lead"
    assert lead[0] == "lead"
    assert (nobody[0], "is none of lead" in nobody[1]["why"]) == (EXIT_FOUND, True)
    assert case in {each["case"] for each in queue}  # type: ignore[index]  # a list of cases
    labels = {line["text"]: line["label"] for line in map(json.loads, collected.read_text().splitlines())}
    assert labels[STRANGE] == "complaint"
    assert after["handed_on"][0]["topic"] == "complaint"


async def test_what_rests_comes_back_with_the_next_mail(conversations: Conversations) -> None:
    writer = Writer(conversations, "inbox")
    first = await writer.writes(INVOICE)
    await soon(lambda: open_question(conversations, first.case_id))
    rests = await does(
        conversations, "snooze", first.case_id, "--version", "0", "--for", "4h", "--as", "chris"
    )
    await writer.writes("It is urgent now.")
    await soon(lambda: open_question(conversations, first.case_id, "urgent now"))
    await soon(lambda: len(kinds(conversations, first.case_id, "handled")) > 1)
    _, shown = await does(conversations, "show", first.case_id)

    assert rests[1]["standing"]["snoozed_until"] is not None
    assert (shown["standing"]["snoozed_until"], shown["standing"]["version"]) == (None, 3)
    deeds = [each.data["deed"] for each in kinds(conversations, first.case_id, "handled")]
    assert deeds == ["snooze", "woken"]


async def test_another_file_is_tried_on_the_open_ones_before_they_move(
    conversations: Conversations, tmp_path: Path
) -> None:
    case = await waits(conversations, INVOICE)
    office = Path(shutil.copytree(ROOT / "office", tmp_path / "office"))
    file = office / "inbox.toml"
    file.write_text(
        file.read_text().replace('[topics.invoice]\nteam = "accounts"', '[topics.invoice]\nteam = "house"')
    )
    tried = await does(conversations, "reroute", "--dry-run", "--office", str(office))
    unnamed = await does(conversations, "reroute", "--office", str(office))
    _, untouched = await does(conversations, "show", case)
    await does(conversations, "reroute", "--office", str(office), "--as", "chris")
    _, moved = await does(conversations, "show", case)

    [move] = [each for each in tried[1] if each["case"] == case]  # type: ignore[index]  # a list of moves
    assert (move["of"], move["to"], move["became"]) == ("accounts", "house", "tried")  # type: ignore[index]  # see above
    assert unnamed[0] == EXIT_USAGE
    assert (untouched["standing"]["team"], untouched["standing"]["version"]) == ("accounts", 0)
    assert (moved["standing"]["team"], moved["standing"]["version"]) == ("house", 1)


async def test_who_claims_a_mail_and_is_silent_loses_it_and_the_next_one_has_it(
    conversations: Conversations,
) -> None:
    case = await waits(conversations, NEWSLETTER)
    claimed = await does(conversations, "claim", case, "--version", "0", "--as", "chris")
    await soon(lambda: len(kinds(conversations, case, "handled")) > 1)
    _, shown = await does(conversations, "show", case)
    version = str(shown["standing"]["version"])
    taken = await does(conversations, "claim", case, "--version", version, "--as", "dana")

    assert claimed[1]["standing"]["topic"] == "newsletter"
    deeds = [(each.data["deed"], each.data["person"]) for each in kinds(conversations, case, "handled")]
    assert deeds[:2] == [("claim", "chris"), ("lost", "chris")]
    assert (shown["standing"]["owner"], version) == ("", "2")
    assert taken[1]["standing"]["owner"] == "dana"


async def test_of_two_words_at_one_version_one_counts(conversations: Conversations) -> None:
    case = await waits(conversations, INVOICE)
    handle = conversations.shop.client.get_workflow_handle(case)
    words = [Word(deed="claim", version=0, person=person) for person in ("chris", "dana")]
    taken = [await handle.execute_update("handle", each, result_type=WordTaken) for each in words]

    assert [each.became for each in taken] == ["done", "stale"]
    assert {each.standing.owner for each in taken} == {"chris"}


def asked_of(conversations: Conversations, case: str, role: str) -> tuple[str, ...] | None:
    """Return whose question about a case is open, once it is this role's first."""
    entry = open_question(conversations, case)
    return entry.roles if entry is not None and entry.roles[0] == role else None

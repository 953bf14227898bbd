"""A mail begins its conversation's case, by the same way as an event; answers reach it; strangers wait."""

import json

import pytest
from temporalio.client import Client

from cli.terminal import EXIT_FOUND, EXIT_USAGE
from mail.arrival import KeptMail
from service.post import take_in
from settings import Settings
from tests.gateway.test_dispatching import LONG, signals
from tests.gateway.working import Office

SUPPORT = """
[support]
address = "service@example.com"
channel = "board"
desk = "toy"
key = '\\b[0-9]{5}\\b'
authserv = "mx.example.com"
[support.request]
id = "id"
customer = "sender"
body = "text"
"""
PROVED = "mx.example.com; spf=pass; dmarc=pass (p=reject) header.from=one.example"


@pytest.fixture
def mailbox(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The office has a mailbox."""
    monkeypatch.setenv("KONTOR_SECRET_MAIL_REPLY_KEY", "cd" * 32)
    (own.office / "mailboxes.toml").write_text(SUPPORT)


def letter(number: int, text: str = LONG, sender: str = "anna@one.example", **headers: str) -> bytes:
    given = {"From": sender, "Subject": "Kettle", "Message-ID": f"<{number}@one.example>"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "\n".join([*(f"{name}: {value}" for name, value in given.items()), "", text]).encode()


async def comes(office: Office, raw: bytes) -> KeptMail:
    """Take a mail in, and return it once its event waits no more."""
    kontor = office.door.kontor
    number = take_in(kontor, kontor.mailboxes["support"], raw)
    for event in office.door.kept():
        await office.settled(event.position)
    found = kontor.mail_lists.find(number)
    assert found is not None
    return found


@pytest.mark.usefixtures("mailbox")
async def test_a_proved_mail_begins_a_case_and_its_answer_lets_that_read_its_facts_again(
    office: Office, temporal: Client
) -> None:
    first = await comes(office, letter(1, Authentication_Results=PROVED))
    await office.waiting(first.case_id)
    answer = await comes(office, letter(2, "more", In_Reply_To="<1@one.example>"))

    assert first.standing == "started"
    assert first.case_id.startswith("toy/board/mail-")
    assert (answer.standing, answer.case_id) == ("joined", first.case_id)
    assert await signals(temporal, first.case_id) == ["facts_changed"]
    assert "event" in {each.kind for each in office.door.kontor.episodes.of_case(first.case_id)}


@pytest.mark.usefixtures("mailbox")
async def test_a_mail_whose_sender_is_not_proved_waits_for_a_person_who_vouches(office: Office) -> None:
    forged = "mx.elsewhere.example; dmarc=pass header.from=one.example"
    first = await comes(office, letter(1, Authentication_Results=forged))
    answer = await comes(office, letter(2, In_Reply_To="<1@one.example>"))
    assert (first.standing, answer.standing) == ("quarantined", "quarantined")
    assert "nothing proves its sender" in first.standing_why

    accepted = await office.kontor("mail", "accept", str(first.number), "--json")
    for event in office.door.kept():
        await office.settled(event.position)

    assert len(json.loads(accepted.output)["replayed"]) == 2
    after = office.door.kontor.mail_lists.find(first.number)
    joined = office.door.kontor.mail_lists.find(answer.number)
    assert after is not None
    assert joined is not None
    assert (after.standing, joined.standing) == ("started", "joined")


@pytest.mark.usefixtures("mailbox")
async def test_people_hand_in_list_show_explain_and_take_out_mails(office: Office) -> None:
    raw = letter(1, "It leaks, 10001").decode()
    handed = json.loads((await office.kontor("mail", "submit", "support", "-", "--json", given=raw)).output)
    again = json.loads((await office.kontor("mail", "submit", "support", "-", "--json", given=raw)).output)
    second = letter(2, "about 10001", Subject="News?").decode()
    joined = json.loads(
        (await office.kontor("mail", "submit", "support", "-", "--json", given=second)).output
    )
    listed = json.loads((await office.kontor("mail", "list", "--fate", "joins", "--json")).output)
    number = str(joined[0]["number"])
    shown = json.loads((await office.kontor("mail", "show", number, "--json")).output)
    reasons = json.loads((await office.kontor("mail", "why", number, "--json")).output)
    moved = json.loads((await office.kontor("mail", "unjoin", number, "--why", "no", "--json")).output)
    twice = await office.kontor("mail", "unjoin", number, "--why", "no")
    nobody = await office.kontor("mail", "show", "999")

    assert handed == again
    assert [each["number"] for each in listed] == [joined[0]["number"]]
    assert shown["text"] == "about 10001"
    assert shown["reply_address"].startswith("service+")
    assert shown["conversation_mails"] == [handed[0]["number"], joined[0]["number"]]
    assert (reasons["joined_by"], "10001" in reasons["fate"]) == ("key", True)
    assert moved == {"moved": [joined[0]["number"]]}
    assert twice.exit_code == EXIT_FOUND
    assert nobody.exit_code == EXIT_USAGE


@pytest.mark.usefixtures("mailbox")
async def test_an_answer_to_a_case_that_has_ended_begins_another_and_is_linked(office: Office) -> None:
    first = await comes(office, letter(1, "short", Authentication_Results=PROVED))
    await office.client.get_workflow_handle(first.case_id).result()
    answer = await comes(
        office, letter(2, "again", In_Reply_To="<1@one.example>", Authentication_Results=PROVED)
    )

    assert answer.case_id != first.case_id
    assert (answer.standing, answer.linked) == ("started", (first.digest,))
    assert "has ended" in answer.why

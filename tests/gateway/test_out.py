"""What happens here is told: to URLs, signed and until it is taken, and to other desks."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sources.delivery import Delivery
from connectors.sources.signatures import verify
from connectors.subscriptions.addresses import is_public
from connectors.subscriptions.message import signed_headers
from contracts.case import Episode
from contracts.event import EventStanding
from contracts.source import Signature
from contracts.subscription import AnnouncementStanding
from sandbox.listening import in_thread, listener
from service import announcing
from service.subscriptions import check_subscriptions
from settings import Settings
from tests.gateway.door import OLD, SECRET
from tests.gateway.working import Office

NAMES = """
[erp]
episodes = ["closed"]
desks = ["toy"]
url = "http://localhost:{port}/hook"
secrets = ["board.webhook", "board.old"]
allow = ["localhost"]

[inside]
episodes = ["closed"]
url = "https://127.1:{port}/hook"
secrets = ["board.webhook"]

[followed]
episodes = ["closed"]
desks = ["returns"]
[followed.case]
desk = "toy"
channel = "board"
request = {{ id = "details.number", customer = "desk", body = "join(' ', ['after', case.id || 'nothing'])" }}
"""


@dataclass
class Receiver:
    """Somebody who is told, at a socket.

    Attributes:
        answers: the statuses that it gives, the last of them for ever.
    """

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [204])
    came: list[Delivery] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.came.append(Delivery.of(request.headers.items(), await request.body()))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Response(status_code=status, headers={"location": "/elsewhere"} if status == 302 else {})

    def ids(self) -> list[str]:
        return [each.headers["webhook-id"] for each in self.came]


@pytest.fixture
def receiver(own: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver, and an office that tells it; what is refused is tried again at once, three times."""
    monkeypatch.setattr(announcing, "SCHEDULE", (timedelta(seconds=0.1),) * 3)
    found = Receiver()
    app = Starlette(routes=[Route("/{path:path}", found.take, methods=["POST", "GET"])])
    with in_thread(listener(app, 0), "receiver") as port:
        found.port = port
        (own.office / "subscriptions.toml").write_text(NAMES.format(port=port))
        yield found


@pytest.fixture
async def telling(receiver: Receiver, office: Office) -> AsyncIterator[Office]:
    """An office whose worker looks for what is to be told."""
    kontor = office.door.kontor
    for each in kontor.subscriptions.values():  # they begin at the log's end
        kontor.announcements.take(each, datetime.now(UTC))
    looking = asyncio.create_task(announcing.look_for_announcements(kontor, office.client, 0.05))
    yield office
    looking.cancel()


async def ended(office: Office, number: str) -> str:
    """Let a case come to its end; returns its id."""
    await office.told("note.asked", f"e-{number}", note=number, customer=f"c-{number}", text="Short.")
    case_id = f"toy/board/{number}"
    await office.client.get_workflow_handle(case_id).result()
    return case_id


def told_no_more(office: Office, name: str = "erp") -> bool:
    standings = office.door.kontor.announcements.standings()
    return any(each.name == name and each.ended_at is not None for each in standings)


def stands(office: Office, name: str = "erp") -> list[AnnouncementStanding]:
    return [each.standing for each in office.door.kontor.announcements.newest(name, 100)]


async def test_the_end_of_a_case_is_told_once_signed_by_both_secrets_and_says_no_more_than_it_must(
    receiver: Receiver, telling: Office
) -> None:
    case_id = await ended(telling, "T-1")
    await telling.until(lambda: stands(telling) == [AnnouncementStanding.DELIVERED])

    [delivery] = receiver.came
    for key in (SECRET, OLD):
        signature = Signature(scheme="standard", secrets=("any",))
        verify(signature, [key], delivery, datetime.now(UTC))
    event = json.loads(delivery.body)
    assert delivery.headers["content-type"] == "application/cloudevents+json"
    assert (event["specversion"], event["type"], event["subject"]) == ("1.0", "kontor.toy.closed", case_id)
    assert event["id"] == delivery.headers["webhook-id"]
    assert event["data"] == {"case": case_id, "desk": "toy", "kind": "closed"}


async def test_what_is_refused_is_tried_again_under_the_same_id_and_nothing_behind_it_waits(
    receiver: Receiver, telling: Office
) -> None:
    receiver.answers = [500, 302, 204]
    await ended(telling, "T-2")
    await telling.until(lambda: stands(telling) == [AnnouncementStanding.DELIVERED])
    await ended(telling, "T-3")
    await telling.until(lambda: stands(telling) == [AnnouncementStanding.DELIVERED] * 2)

    ids = receiver.ids()
    assert (ids[0], ids[1], len(ids)) == (ids[1], ids[2], 4)
    newest = telling.door.kontor.announcements.newest("erp", 9)
    assert [each.attempts for each in newest] == [1, 3]


async def test_a_receiver_that_is_gone_is_told_no_more_and_a_person_gets_a_case(
    receiver: Receiver, telling: Office
) -> None:
    receiver.answers = [410]
    await ended(telling, "T-4")
    kontor = telling.door.kontor
    await telling.until(lambda: told_no_more(telling))
    await ended(telling, "T-5")
    await telling.kontor("books", "reconcile")
    open_ones = kontor.reconciliation.newest(10, only_open=True)
    [divergence] = [each.id for each in open_ones if each.connector == "erp"]
    found = json.loads((await telling.kontor("doctor", "--json")).output)
    shown = (await telling.kontor("events", "out")).output
    receiver.answers = [204]
    again = await telling.kontor("events", "resume", "erp")
    await telling.until(lambda: stands(telling) == [AnnouncementStanding.DELIVERED] * 2)

    assert len(receiver.came) == 3
    assert divergence.startswith("subscription-ended-")
    assert kontor.cases.find(f"books/erp/{divergence}") is not None
    assert any(each["part"] == "subscription erp" and each["state"] == "bad" for each in found)
    assert "told no more" in shown.replace("\n", " ")
    assert (again.exit_code, "2 episodes wait" in again.output) == (0, True)


async def test_who_takes_nothing_to_the_last_try_is_told_no_more(receiver: Receiver, telling: Office) -> None:
    receiver.answers = [503]
    await ended(telling, "T-6")
    kontor = telling.door.kontor
    await telling.until(lambda: told_no_more(telling))

    [erp] = [each for each in kontor.announcements.standings() if each.name == "erp"]
    assert (erp.failed, len(receiver.came), "it answered 503" in erp.why) == (1, 4, True)


async def test_a_private_address_is_told_nothing_unless_the_office_names_its_host(
    receiver: Receiver, telling: Office
) -> None:
    await ended(telling, "T-7")
    kontor = telling.door.kontor
    await telling.until(lambda: stands(telling) == [AnnouncementStanding.DELIVERED])
    await telling.until(lambda: AnnouncementStanding.FAILED in stands(telling, "inside"))

    assert "not public" in kontor.announcements.newest("inside", 1)[0].why
    assert len(receiver.came) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("64:ff9b::5db8:d822", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:a9fe:a9fe", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("ff02::1", False),
    ],
)
def test_an_address_is_public_whatever_it_is_written_as(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_a_desk_hears_of_another_ones_episode_and_begins_a_case(
    receiver: Receiver, telling: Office
) -> None:
    del receiver
    kontor = telling.door.kontor
    told = Episode(
        id="returns/board/R-1#closed",
        case_id="returns/board/R-1",
        kind="closed",
        at=datetime.now(UTC),
        data={"number": "F-1"},
    )
    kontor.episodes.append([told])
    kontor.episodes.append([told.model_copy(update={"id": "returns/board/R-1#other", "kind": "opened"})])
    await telling.until(lambda: stands(telling, "followed") == [AnnouncementStanding.DELIVERED])
    [event] = telling.door.kept("office:followed")
    settled = await telling.settled(event.position)

    assert (settled.standing, settled.case_id) == (EventStanding.STARTED, "toy/board/F-1"), settled.why
    assert await telling.client.get_workflow_handle("toy/board/F-1").result() == "applied"


def test_the_signature_is_the_one_that_standard_webhooks_give_as_an_example() -> None:

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = datetime.fromtimestamp(1_614_265_330, UTC)
    made = signed_headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', moment)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


ERP = """[erp]
episodes = ["closed"]
url = "https://erp.example.com/hook"
secrets = ["erp.webhook"]
[next]
episodes = ["closed"]
desks = ["returns"]
[next.case]
desk = "toy"
channel = "board"
request = { id = "case.id", customer = "case.customer", body = "kind" }
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("https://erp", "http://erp", ":3: [erp] url: would be sent without TLS"),
        ("erp.example.com", "127.0.0.1", ":3: [erp] url: 127.0.0.1 is not public"),
        ("erp.example.com", "metadata.internal", ":3: [erp] url: metadata.internal is not public"),
        ("https://erp", "https://me:secret@erp", ":3: [erp] url: has a user"),
        ('secrets = ["erp.webhook"]', "", ":1: [erp]"),
        ('["erp.webhook"]', '["not a name"]', ":4: [erp] secrets"),
        ('desks = ["returns"]', 'desks = ["nobody"]', ":7: [next] desks: there is no desk 'nobody'"),
        ('desks = ["returns"]', 'desks = ["toy"]', ":7: [next] desks: cases would begin cases"),
        ('desk = "toy"', 'desk = "toys"', ":9: [next.case] desk"),
        ('channel = "board"', 'channel = "press"', ":10: [next.case] channel"),
        ("body = ", "text = ", ":11: [next.case] request"),
        ('"case.id"', '"case.["', ":11: [next.case.request] id: "),
    ],
)
def test_what_is_wrong_with_a_subscription_is_named_with_its_line(
    own: Settings, old: str, new: str, told: str
) -> None:
    file = own.office / "subscriptions.toml"
    file.write_text(ERP)
    assert list(check_subscriptions(own.office)) == []
    assert old in ERP
    file.write_text(ERP.replace(old, new, 1))

    problems = [str(each) for each in check_subscriptions(own.office)]
    assert any(problem.startswith(f"subscriptions.toml{told}") for problem in problems), problems

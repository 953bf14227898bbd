"""Photos of what is faulty: asked for where policy says so, kept by reference, seen by whoever decides."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from tests.workflows.returns.orders import asked, asking, given_order, told_people
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_asking_back import a_question_to_people, told
from tests.workflows.returns.test_undo import kontor

pytestmark = pytest.mark.slow

THREE: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 3}]}
"""Shirts of 120.00: damage worth more than the desk settles by itself."""
A_PHOTO = {"name": "a.jpg", "media_type": "image/jpeg", "address": "https://photos.example/a.jpg"}
TORN = "All three shirts arrived broken: their seams are torn open. I want my money back, please."


async def test_photos_of_dear_damage_are_asked_for_and_shown_to_the_person_who_decides(
    shop: Shop, tmp_path: Path
) -> None:
    order = given_order(shop, "store", **THREE)
    request = asking(order, TORN, "store")
    assert "photos of what is faulty" in await asked(shop, request)
    [question] = told(shop, order)
    assert "one or two photos" in question
    picture = tmp_path / "seam.jpg"
    picture.write_bytes(b"a picture")

    case_id = DESK.case_id(request)
    web = "https://photos.example/2.png"
    code, taken = await kontor(shop, "reply", case_id, "--photo", str(picture), "--photo", web)
    assert (code, taken["standing"]) == (0, "heard")

    people = await a_question_to_people(shop, request)
    shown = [each.text for each in people.request.evidence if each.source.startswith("photo:")]
    assert shown[0].startswith(f"seam.jpg (image/jpeg, 9 bytes) {picture.as_uri()} sha256 ")
    assert shown[1] == f"2.png (image/png) {web}"
    answer = Answer(person="ben", choice="approve", request_id=people.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 12_000)
    photos = {verdict.facts.get("photos") for verdict in shop.timeline(request).verdicts}
    assert 2 in photos
    history = (await shop.handle(request).fetch_history()).to_json()
    assert "a picture" not in history


async def test_who_answers_without_photos_has_a_person_look_at_what_they_say(shop: Shop) -> None:
    order = given_order(shop, "store", **THREE)
    request = asking(order, TORN, "store")
    await asked(shop, request)

    await shop.handle(request).signal("replied", {"text": "I have no camera, sorry."})
    people = await a_question_to_people(shop, request)

    shown = [each.text for each in people.request.evidence]
    assert {"I have no camera, sorry.", "asked for photos, the customer answers without any"} <= {*shown}
    assert "120.00 EUR" in told_people(people)
    assert shop.entries("store", "refund", order) == []


@pytest.mark.parametrize("words", ["Never mind, I keep them.", "But please send me new ones, no refund."])
async def test_who_speaks_of_something_else_has_a_person_read_it_and_nothing_is_proposed(
    shop: Shop, words: str
) -> None:
    order = given_order(shop, "store", **THREE)
    request = asking(order, TORN, "store")
    await asked(shop, request)

    await shop.handle(request).signal("replied", {"text": words, "photos": [A_PHOTO]})
    people = await a_question_to_people(shop, request)

    assert "asked for photos, the customer speaks of something else" in told_people(people)
    assert people.request.plan.effects == ()
    assert words in [each.text for each in people.request.evidence]


async def test_where_policy_wants_no_photos_nobody_is_asked_for_any(shop: Shop) -> None:
    order = given_order(shop, "store")
    request = asking(order, "The shirt arrived broken: a seam is torn open. I want my money back.", "store")

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "returned")
    assert "photos" not in " ".join(told(shop, order))


async def test_what_is_no_photo_is_refused_with_what_to_name(shop: Shop, tmp_path: Path) -> None:
    case_id = DESK.case_id(asking("W-1", TORN, "store"))
    note = tmp_path / "note.txt"
    note.write_text("no picture")

    for named in (str(note), str(tmp_path / "none.jpg")):
        assert (await kontor(shop, "reply", case_id, "--photo", named))[0] == 2


async def test_nobody_is_asked_for_photos_that_came_with_the_request(shop: Shop, tmp_path: Path) -> None:
    order = given_order(shop, "store", **THREE)
    request = asking(order, TORN, "store", photos=[A_PHOTO])
    handed_in = tmp_path / "requests.jsonl"
    handed_in.write_text(request.model_dump_json() + "\n")

    assert (await kontor(shop, "submit", "returns", str(handed_in)))[0] == 0
    people = await a_question_to_people(shop, request)

    shown = [each.text for each in people.request.evidence if each.source.startswith("photo:")]
    assert shown == ["a.jpg (image/jpeg) https://photos.example/a.jpg"]
    assert "120.00 EUR" in people.request.what
    assert told(shop, order) == []


async def test_a_request_with_what_is_no_photo_is_refused_with_the_name_of_its_field(
    shop: Shop, tmp_path: Path
) -> None:
    request = asking("W-1", TORN, "store").model_dump(mode="json")
    handed_in = tmp_path / "requests.jsonl"
    spoilt = {**request, "photos": [A_PHOTO, {**A_PHOTO, "media_type": "text/plain"}]}
    handed_in.write_text(json.dumps(spoilt) + "\n")

    code, said = await kontor(shop, "submit", "returns", str(handed_in))

    assert code != 0
    assert "photos.1.media_type" in json.dumps(said)

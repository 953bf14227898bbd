"""What channels offer the returns desk, and the manifest that a new one begins with."""

import shutil
from pathlib import Path

from connectors.checks.manifests import check_connectors, sound_manifests
from contracts.connector import Manifest
from contracts.notation import Times
from service.channels import new_manifest, notes_of, unfilled
from tests.workflows.returns.test_orders_as_they_come import ORDER
from workflows.registry import DESKS
from workflows.returns.types import GET_ORDER, Order

DESK = DESKS["returns"]


def sound(office: Path) -> dict[str, Manifest]:
    assert check_connectors(office, {}) == []
    return sound_manifests(office, {})


def test_what_a_channel_lacks_is_said_with_what_is_left_to_people(office: Path) -> None:
    notes = list(notes_of(sound(office)))

    assert "store: without void_refund, undo of refunds is by hand" in notes
    assert any(note.startswith("vendure lacks restock, mark_order, notify") for note in notes)
    assert "marketplace lacks change_payment: requests that need it are a person's" in notes
    assert "marketplace lacks repair: a repair is a person's" in notes
    assert "store lacks find_orders: a request that names no order is a person's" in notes
    assert "store lacks authorise_return: a return is settled without waiting for its goods" in notes
    assert "vendure does not say how ids are compared ([ids]): A-1, a-1 and #A-1 are three" in notes
    assert not [note for note in notes if note.startswith(("webshop", "mail"))]


def test_an_operation_that_the_desk_cannot_call_is_said(office: Path) -> None:
    manifests = sound(office)
    webshop = manifests["webshop"]
    refund = webshop.operations["refund"]
    only = {name: field for name, field in refund.arguments.items() if name != "lines"} | {
        "shop": refund.arguments["order"]
    }
    changed = {**webshop.operations, "refund": refund.model_copy(update={"arguments": only})}
    notes = list(notes_of({"webshop": webshop.model_copy(update={"operations": changed})}))

    assert notes == [
        "webshop.refund does not take lines: it cannot be called",
        "webshop.refund wants shop: the desk does not give it",
    ]


def test_a_new_manifest_is_sound_lacks_nothing_and_reads_every_field(office: Path, tmp_path: Path) -> None:
    folder = tmp_path / "office"
    shutil.copytree(office, folder)
    (folder / "connectors" / "mine.toml").write_text(new_manifest("mine", DESK))

    mine = sound(folder)["mine"]

    assert list(notes_of({"mine": mine})) == []
    path = mine.operations[GET_ORDER].result["order"].path
    assert all(f"{name}: {name}" in path for name in Order.told_fields())
    assert not any(name in path for name in ("known_as", "takes_back", "repairs"))
    assert "#   placed_at: time\n" in new_manifest("mine", DESK)


def test_what_is_left_of_a_new_manifest_is_named_with_its_line(office: Path, tmp_path: Path) -> None:
    folder = tmp_path / "office"
    shutil.copytree(office, folder)
    mine = folder / "connectors" / "mine.toml"
    mine.write_text(new_manifest("mine", DESK))

    told = [str(problem) for problem in unfilled(folder)]

    lines = mine.read_text().splitlines()
    first = next(number for number, line in enumerate(lines, start=1) if line.startswith("base_url"))
    assert told[0].startswith(f"connectors/mine.toml:{first}: https://CHANGE.example is left of the manifest")
    assert len(told) == 1 + sum("CHANGE_unknown" in line for line in lines)
    mine.write_text(mine.read_text().replace("CHANGE.example", "mine.example").replace("CHANGE_", ""))
    assert list(unfilled(folder)) == []


def test_the_desk_says_why_it_would_ask_about_an_order_that_fits() -> None:
    order = Order.of({**ORDER, "paid_cents": 20_000}, Times(zone="UTC"))
    assert any("were paid for them" in doubt for doubt in DESK.doubts(order))

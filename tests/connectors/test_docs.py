"""The guide is true: its example is sound and works, and it names every field there is."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from connectors.checks.manifests import check_connectors
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts import connector as words
from contracts.base import Arguments
from contracts.failure import CallFailed
from tests.conftest import ROOT
from tests.connectors.system import Received, Reply, System, write_office

GUIDE = (ROOT / "docs" / "connectors.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
EXAMPLE = next(block for block in BLOCKS if block.startswith('name = "museumpay"'))
REFUND: Arguments = {"payment": "PAY-1", "amount_cents": 1234}


class Museum:
    """The payment provider that the guide describes: a reference is kept and not refused twice."""

    def __init__(self, made: dict[str, str]) -> None:
        self.made = made
        self.cut = False

    def __call__(self, request: Received) -> Reply:
        refunds = [{"id": number, "reference": key} for number, key in self.made.items()]
        if request.method == "GET":
            return Reply({"amount": "99.90", "status": "CAPTURED", "refunds": refunds})
        if request.method == "DELETE":
            del self.made[request.target.rsplit("/", 1)[1]]
            return Reply(raw=b"", status=204)
        assert request.json["amount"] == "12.34"
        number = f"RF-{len(self.made) + 1}"
        self.made[number] = request.json["reference"]
        return Reply({"id": number}, cut=self.cut)


def test_the_example_is_sound(tmp_path: Path) -> None:
    assert check_connectors(write_office(tmp_path, EXAMPLE, "museumpay"), {}) == []


async def test_the_example_works_as_the_guide_says(tmp_path: Path, system: System) -> None:
    office = write_office(tmp_path, EXAMPLE, "museumpay")
    manifests = load_manifests(office, {"MUSEUMPAY_URL": f"http://127.0.0.1:{system.port}/v1"})
    system.reply = museum = Museum({})
    secrets = EnvironmentSecrets({"KONTOR_SECRET_MUSEUMPAY_TOKEN": "t"})
    async with Connectors(manifests, secrets) as outside:
        payment = await outside.read("museumpay", "get_payment", {"payment": "PAY-1"})
        assert payment == {"paid_cents": 9990, "state": "paid"}

        museum.cut = True
        with pytest.raises(CallFailed):
            await outside.send("museumpay", "refund", REFUND, "refund-k1")
        found = await outside.look_up("museumpay", "refund", REFUND, "refund-k1", datetime.now(UTC))
        assert found is not None
        assert found.reference == "RF-1"
        assert await outside.look_up("museumpay", "refund", REFUND, "k2", datetime.now(UTC)) is None

        undoing = outside.compensation("museumpay", "refund", REFUND, "refund-k1", found)
        assert undoing == ("cancel_refund", {"refund": "RF-1"})
        await outside.send("museumpay", *undoing, "undo-k1")
        assert museum.made == {}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_toml_in_the_guide_is_toml(block: str) -> None:
    assert tomllib.loads(block)


def test_the_guide_names_every_field_a_manifest_can_have() -> None:
    types = [one for one in vars(words).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    fields = {name for one in types for name in one.model_fields} - {"digest"}
    missing = {name for name in fields if not re.search(rf"\b{name}\b", GUIDE)}
    assert missing == set()

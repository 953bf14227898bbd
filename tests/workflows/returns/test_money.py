"""Which way the desk's money moves is what the channels' manifests say."""

from pathlib import Path

from connectors.manifest import load_manifests
from tests.policy.plans import plan, refund
from workflows.returns.plan import money_out_cents
from workflows.returns.types import DIRECTIONS


def test_every_channel_declares_the_direction_that_the_desk_counts_with(office: Path) -> None:
    manifests = load_manifests(office, {}).values()
    declared = [
        (manifest.name, name, operation.direction)
        for manifest in manifests
        for name, operation in manifest.operations.items()
        if operation.money
    ]
    assert declared
    for connector, operation, direction in declared:
        assert DIRECTIONS.get(operation) == direction, f"{connector}.{operation}"


def test_what_is_charged_counts_against_what_is_refunded() -> None:
    paid, charged = refund(4_000), refund(1_500).model_copy(update={"operation": "charge"})
    assert money_out_cents(plan(paid, charged)) == 2_500

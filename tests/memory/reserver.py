"""A process of its own that judges six returns of one customer at once: `… URL SIDE`; prints the outcomes."""

import asyncio
import sys
from datetime import UTC, datetime

from activities.policy import PolicyActivities
from connectors.manifest import load_manifests
from contracts.approvals.request import ApprovalRecord
from contracts.authorization import Plan
from contracts.connector import Manifest
from memory.authoritative.authorizations import SqlAuthorizations
from memory.database import open_engine
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.texts import OfficeTexts
from tests.activities.grounds import AsTheySay
from tests.conftest import ROOT
from tests.memory.audit_helpers import journal
from tests.policy.plans import plan
from workflows.registry import case_counts, fact_types

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Manifests:
    """The office's manifests; nothing is called."""

    def __init__(self) -> None:
        self._loaded = load_manifests(ROOT / "office", {"KONTOR_SANDBOX_PORT": "1"})

    def manifest(self, connector: str) -> Manifest:
        return self._loaded[connector]


class Nothing:
    """No approvals, and a log that keeps nothing."""

    def find(self, request_id: str) -> ApprovalRecord | None:
        return None

    def append(self, episodes: object) -> None:
        raise AssertionError(f"nothing is refused: {episodes}")


async def main(url: str, side: str) -> None:
    engine = open_engine(url)
    judging = PolicyActivities(
        engine=CedarEngine.from_office(ROOT / "office", fact_types()),
        books=SqlAuthorizations(journal(engine)),
        approvals=Nothing(),
        outside=Manifests(),
        episodes=Nothing(),
        grounds=AsTheySay(),
        office_version="office-1",
        case_counts=case_counts(),
        texts=OfficeTexts.from_office(ROOT / "office", OfficeCalendar.from_office(ROOT / "office").file),
        clock=lambda: NOON,
    )

    def asked(number: int) -> Plan:
        wanted = plan(customer="c-1", claims=(f"webshop/{side}/{number}",))
        return wanted.model_copy(update={"case_id": f"returns/webshop/{side}-{number}"})

    found = await asyncio.gather(*(judging.authorize(asked(number)) for number in range(6)))
    sys.stdout.write("\n".join(one.outcome for one in found))
    engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

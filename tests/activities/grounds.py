"""Grounds for tests of policy alone: what the tests say is what is on record."""

from contracts.authorization import Plan


class AsTheySay:
    """Knows of no case, and believes who calls; `tests/grounds/` tests the real one."""

    async def stranger(self, case_id: str, plan: Plan | None = None) -> str:
        return ""

    def contradiction(self, plan: Plan) -> str:
        return ""

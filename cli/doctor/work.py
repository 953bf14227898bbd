"""The work itself: cases that cannot go on, effects that wait to be let through."""

from bootstrap.installation import Installation
from cli.doctor.finding import Finding
from contracts.ledger import LedgerEntry


def stuck_cases(found: Installation) -> list[Finding]:
    """Name every case whose task or activity fails again and again, as the reconciler last saw it."""
    troubles = found.stuck_cases.troubles()
    return [
        Finding("stuck case", "bad", trouble.words(), f"kontor case {trouble.case_id}")
        for trouble in troubles
    ] or [Finding("stuck cases", "ok", "none at the last look (kontor books reconcile looks now)")]


def held_up(found: Installation) -> list[Finding]:
    """Say where effects wait to be let through, with the words of the last call to each system."""
    waiting: dict[str, list[LedgerEntry]] = {}
    for entry in found.ledger.held_up():
        waiting.setdefault(entry.order.effect.connector, []).append(entry)
    return [
        Finding(
            f"effects at {connector}",
            "off",
            f"{len(entries)} wait, the first since {entries[0].intended_at:%Y-%m-%d %H:%M}Z",
            next((call.why for call in reversed(entries[0].calls) if call.kind == "send"), ""),
        )
        for connector, entries in sorted(waiting.items())
    ]

"""The work itself: cases that cannot go on, effects that wait to be let through, events nobody takes up."""

from datetime import UTC, datetime, timedelta

from bootstrap.installation import Installation
from cli.doctor.finding import Finding
from contracts.counted import counted
from contracts.ledger import LedgerEntry
from service.silence import silent_sources

LONG = timedelta(minutes=5)
"""An event that waits for longer says that nobody takes events up."""


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


def events(found: Installation) -> list[Finding]:
    """Say of which sources events wait for long, or stand aside for a person."""
    now, findings = datetime.now(UTC), []
    for each in found.events.backlog():
        part, known = f"events of {each.source}", found.takes_up(each.source)
        if each.waiting and not known:
            where, advice = f"{each.waiting} wait", "the office has no such source or mailbox any more"
            findings.append(Finding(part, "bad", where, advice))
        elif each.oldest_at is not None and now - each.oldest_at > LONG:
            where = f"{each.waiting} wait, the first since {each.oldest_at:%Y-%m-%d %H:%M}Z"
            findings.append(Finding(part, "bad", where, "a worker with the role control takes them up"))
        if each.quarantined:
            advice = f"kontor events list --source {each.source} --standing quarantined"
            findings.append(Finding(part, "off", f"{each.quarantined} stand aside", advice))
    return [*findings, *silence(found, now)]


def announcements(found: Installation) -> list[Finding]:
    """Name the subscriptions that are told no more, or take nothing now."""
    findings = []
    for each in found.announcements.standings():
        if each.name not in found.subscriptions:
            continue
        part, waits = (
            f"subscription {each.name}",
            f"{counted(each.waiting, 'episode waits', 'episodes wait')}",
        )
        if each.ended_at is not None:
            advice = f"mend it there, then kontor events resume {each.name}"
            findings.append(Finding(part, "bad", f"told no more: {each.why}; {waits}", advice))
        elif each.why:
            advice = f"it is tried again by itself; kontor events out {each.name}"
            findings.append(Finding(part, "off", f"{each.why}; {waits}", advice))
    return findings


def silence(found: Installation, now: datetime) -> list[Finding]:
    """Name the sources that have said nothing for longer than they should."""
    advice = "does it still send here? What it lists is fetched meanwhile, where its file says how"
    return [
        Finding(f"events of {each.source}", "off", each.words(found.zone), advice)
        for each in silent_sources(found, now)
    ]

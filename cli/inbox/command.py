"""`kontor inbox queue`, `show` and `why`: what waits, at which version, and why it is where it is."""

import asyncio
from typing import Annotated, Any

import typer
from rich.markup import escape

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation, named_case
from cli.inbox.asked import Asked, asked, standing_of
from cli.inbox.reroute import reroute
from cli.inbox.words import answer, claim, close, hand_on, release, snooze
from cli.terminal import EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from contracts.case import CaseRecord
from service.timeline import Timeline, timeline
from service.words import when
from workflows.inbox.types import DESK, TOPIC
from workflows.inbox.words import HANDLED, Standing

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Mail that waits for people: whose it is, why, and what they do about it.\n\n"
        "Every change names the version that you saw: if somebody was faster, nothing is done, and you are "
        "told what they did.\n\n"
        "Example: kontor inbox queue --team front, then kontor inbox claim mail-0123 --version 0 --as chris"
    ),
)
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Case = Annotated[str, typer.Argument(help="A case id, or its last part, as the queue shows it.")]
for _word in (claim, release, snooze, answer, close, reroute):
    app.command()(_word)
app.command(name="hand-on")(hand_on)


@app.command()
def queue(
    ctx: typer.Context,
    team: Annotated[str, typer.Option(help="Only what this team of inbox.toml has.")] = "",
    owner: Annotated[str, typer.Option(help="Only what this person has claimed.")] = "",
    unclaimed: Annotated[bool, typer.Option("--unclaimed", help="Only what nobody has claimed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="Look at so many, oldest first.")] = 200,
    as_json: JsonFlag = False,
) -> None:
    """List the mail that waits for people, the oldest first, with its version and who has it.

    Example: kontor inbox queue --team accounts --unclaimed
    """
    kontor = installation(ctx)

    async def looking() -> list[Asked]:
        return await asked(kontor, await connect_or_leave(kontor), limit)

    found = [each for each in asyncio.run(looking()) if _wanted(each.standing, team, owner, unclaimed)]
    if as_json:
        emit_json([each.as_json() for each in found])
        return
    headers = ("case", "version", "team", "owner", "topic", "until", "answer by")
    OUT.print(listing(headers, (_row(kontor, each) for each in found), ("case", "version")))


def _wanted(standing: Standing | None, team: str, owner: str, unclaimed: bool) -> bool:
    if standing is None:
        return not (team or owner or unclaimed)
    return (
        (not team or standing.team == team)
        and (not owner or standing.owner == owner)
        and not (unclaimed and standing.owner)
    )


def _row(kontor: Installation, each: Asked) -> tuple[str, ...]:
    standing, case = each.standing, each.entry.case_id.rpartition("/")[2]
    due = when(each.entry.deadline, kontor.zone)
    if standing is None:
        return (case, "?", "", "", escape(each.entry.what), "", due)
    until = when(standing.snoozed_until, kontor.zone) if standing.snoozed_until else ""
    return (
        case,
        str(standing.version),
        escape(standing.team),
        escape(standing.owner),
        escape(standing.topic),
        until,
        due,
    )


@app.command()
def show(ctx: typer.Context, name: Case, as_json: JsonFlag = False) -> None:
    """Show one conversation: what was written, who has it, its version, and what was done about it.

    Example: kontor inbox show mail-0123
    """
    kontor = installation(ctx)
    found = _conversation(kontor, name)

    async def asking() -> Standing | None:
        return await standing_of(await connect_or_leave(kontor), found.record.id)

    standing = asyncio.run(asking())
    done = [each for each in found.episodes if each.kind == HANDLED]
    request = next((each.request for each in reversed(found.approvals)), None)
    written = [each.text for each in request.evidence] if request else _first(found.record)
    if as_json:
        emit_json(
            {
                "case": found.record.id,
                "status": found.record.status.value,
                "written": written,
                "standing": standing.model_dump(mode="json") if standing else None,
                "handled": [{"at": each.at.isoformat(), **each.data} for each in done],
            }
        )
        return
    OUT.print(f"[bold]{escape(found.record.id)}[/]  {found.record.status.value}", highlight=False)
    if standing is not None:
        who = standing.owner or "nobody has claimed it"
        OUT.print(f"version {standing.version}, team {escape(standing.team)}, {escape(who)}", highlight=False)
    for text in written:
        OUT.print(f"\n{text}", markup=False, highlight=False)
    for each in done:
        what = " ".join(
            str(each.data[name]) for name in ("person", "deed", "team", "topic") if name in each.data
        )
        OUT.print(f"{when(each.at, kontor.zone)} {escape(what)}", highlight=False)


@app.command()
def why(ctx: typer.Context, name: Case, as_json: JsonFlag = False) -> None:
    """Say why a conversation is where it is: its topic and how surely, its way, each policy's word.

    Example: kontor inbox why mail-0123
    """
    kontor = installation(ctx)
    found = _conversation(kontor, name)
    reasons = _reasons(found)
    if as_json:
        emit_json(reasons)
        return
    for label, words in reasons.items():
        OUT.print(f"[bold]{escape(label)}[/]: {escape(str(words))}", highlight=False, soft_wrap=True)


def _reasons(found: Timeline) -> dict[str, Any]:
    topic = found.decisions.get("topic")
    routed = next((each.data for each in found.episodes if each.kind == "routed"), {})
    said: dict[str, Any] = {"case": found.record.id}
    if topic is not None:
        label = (topic.answer or {}).get("label", "")
        said["topic"] = label or f"nobody is sure ({topic.outcome})"
        said["decided_by"] = topic.provenance.name
        said["confidence"] = topic.provenance.confidence
        said["task"] = TOPIC
    said |= {name: routed[name] for name in ("team", "desk", "level") if routed.get(name)}
    said["policies"] = sorted({reason.id for verdict in found.verdicts for reason in verdict.reasons})
    if found.approvals:
        said["asked"] = found.approvals[-1].request.what
        said["roles"] = list(found.approvals[-1].request.roles)
    moved = [each.data for each in found.episodes if each.kind == HANDLED and each.data["deed"] == "hand_on"]
    if moved:
        said["handed_on"] = moved
    return said


def _conversation(kontor: Installation, name: str) -> Timeline:
    """Return what the books know of a conversation, or leave the command saying that it is none."""
    found = timeline(kontor, named_case(kontor, name))
    if found is None or found.record.desk != DESK:
        fail(f"{name} is no conversation by mail: kontor inbox queue lists those that wait", EXIT_USAGE)
    return found


def _first(record: CaseRecord) -> list[str]:
    return [str(text) for text in (record.request.get("subject"), record.request.get("message")) if text]

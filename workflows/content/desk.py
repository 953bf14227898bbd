"""The content desk, declared."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from contracts.connector import Manifest
from contracts.desk import Activity, Desk
from workflows.content.types import DESK as NAME
from workflows.content.types import POST, PUBLISH, READ_PAGE, ContentFacts, ContentRequest

if TYPE_CHECKING:
    from activities.ports import OwnOffice, Reads
    from workflows.content.workflow import ContentWorkflow


def publishes(manifest: Manifest) -> bool:
    """Say whether something can be published by a connector, and seen by everybody."""
    return READ_PAGE in manifest.operations and bool({PUBLISH, POST} & set(manifest.operations))


def workflow() -> "type[ContentWorkflow]":
    """Return the workflow type of an article."""
    from workflows.content.workflow import ContentWorkflow

    return ContentWorkflow


def activities(outside: "Reads") -> Sequence[Activity]:
    """Return what asks a channel what it takes, and what stands there."""
    from workflows.content.activities import ChannelActivities
    from workflows.content.channels import OfficeChannels

    channels = ChannelActivities(OfficeChannels(outside))
    return [channels.variant, channels.page]


def own_activities(own: "OwnOffice") -> Sequence[Activity]:
    """Return what checks a draft's claims."""
    from workflows.content.activities import ClaimActivities
    from workflows.content.claim_check import SourcedCheck

    return [ClaimActivities(SourcedCheck(own.embedder)).check]


def from_file(file: Path, known: Collection[str]) -> JsonValue:
    """Return the request that a brief in Markdown is; raises ValueError."""
    from workflows.content.brief import from_file

    return from_file(file, known)


def editorial_plan(request: ContentRequest) -> str:
    """Return the plan that an article belongs to: its case is `content/PLAN/SLUG`."""
    return request.editorial_plan


def title(request: ContentRequest) -> str:
    """Return an article in one line."""
    return f"{request.id} of {request.editorial_plan}, for {', '.join(request.channels)}"


DESK = Desk(
    name=NAME,
    request=ContentRequest,
    facts=ContentFacts,
    workflow=workflow,
    activities=activities,
    own_activities=own_activities,
    other_text=(
        "editorial_plan", "author", "title", "article", "excerpt", "tags", "channels", "wordings", "picture",
        "alt", "given_sources", "publish_at",
    ),
    sources=publishes,
    place=editorial_plan,
    from_file=from_file,
    title=title,
    details=title,
)  # fmt: skip

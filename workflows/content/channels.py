"""What a channel takes, by its manifest: an article's variant for it, and the page where that will stand."""

from collections.abc import Mapping

from pydantic import JsonValue

from activities.errors import classify, to_application_error
from activities.ports import Reads
from connectors.fields import check_arguments
from connectors.templates import TemplateFailed, Text
from contracts.base import Arguments
from contracts.connector import Manifest
from contracts.failure import Absent, CallFailed
from workflows.content.desk import publishes
from workflows.content.types import (
    LINK,
    POST,
    PUBLISH,
    READ_PAGE,
    ContentRequest,
    ContentVariant,
    PageFound,
    PageQuery,
    VariantQuery,
)


class OfficeChannels:
    """`workflows.content.activities.Channels` of an installation."""

    def __init__(self, outside: Reads) -> None:
        """Keep the connectors."""
        self._outside = outside

    def variant(self, query: VariantQuery) -> ContentVariant:
        """Return what a channel is given; nothing is sent."""
        return variant_for(self._outside.manifest(query.connector), query.request, query.link)

    async def page(self, query: PageQuery) -> PageFound:
        """Read a public page, and compare it; raises ApplicationError where the channel does not answer."""
        manifest = self._outside.manifest(query.connector)
        operation = manifest.operations[READ_PAGE]
        address = page_at(manifest, query.known)
        asked: Arguments = {name: query.known[name] for name in operation.arguments if name in query.known}
        try:
            shown = await self._outside.read(query.connector, READ_PAGE, asked)
        except Absent:
            return PageFound(address=address, flaw="nothing stands there")
        except CallFailed as failure:
            raise to_application_error(failure, classify(manifest, READ_PAGE, failure)) from None
        other = [name for name in operation.result if shown.get(name) != query.expected.get(name)]
        return PageFound(address=address, flaw=f"another {', '.join(other)} stands there" if other else "")


def variant_for(manifest: Manifest, request: ContentRequest, link: str) -> ContentVariant:
    """Return what a channel is given of an article; `flaw` says why it would not take it.

    Args:
        manifest: the channel's.
        request: the article.
        link: its address at its site, for a channel that only posts.
    """
    if not publishes(manifest):
        return ContentVariant(connector=manifest.name, flaw="it publishes nothing that everybody can read")
    name = PUBLISH if PUBLISH in manifest.operations else POST
    operation = manifest.operations[name]
    given = _site(request) if name == PUBLISH else _post(manifest.name, request, link)
    arguments: Arguments = {
        key: value for key, value in given.items() if key in operation.arguments and value
    }
    variant = ContentVariant(connector=manifest.name, operation=name, arguments=arguments)
    try:
        check_arguments(operation, arguments)
    except CallFailed as wrong:
        return variant.model_copy(update={"flaw": wrong.why})
    page = page_at(manifest, {"slug": request.slug}) if name == PUBLISH else ""
    return variant.model_copy(update={"page": page})


def page_at(manifest: Manifest, known: Mapping[str, str]) -> str:
    """Return the public address of what `known` names; empty if that does not name it."""
    operation = manifest.operations[READ_PAGE]
    try:
        path = Text(operation.request.path, path=True).render({**known})
    except TemplateFailed:
        return ""
    return f"{manifest.base_url.rstrip('/')}{path}"


def _site(request: ContentRequest) -> dict[str, JsonValue]:
    return {
        "slug": request.slug,
        "title": request.title,
        "text": request.article,
        "excerpt": request.excerpt,
        "tags": [*request.tags],
    }


def _post(channel: str, request: ContentRequest, link: str) -> dict[str, JsonValue]:
    wording = request.wordings.get(channel) or f"{request.title} {LINK}"
    return {
        "text": wording.replace(LINK, link).strip(),
        "image": request.picture,
        "alt": request.alt,
    }

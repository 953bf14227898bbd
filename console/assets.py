"""The files that pages are drawn with; each is kept by browsers for ever, under a name with its content."""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"
DIGITS = 12
FONT, SHEET = "inter.woff2", "kontor.css"


def _named(name: str, content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:DIGITS]}/{name}"


class Assets:
    """All of them, read once."""

    def __init__(self) -> None:
        """Read the folder."""
        found = {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir()) if file.suffix in KINDS}
        font = _named(FONT, found[FONT])
        found[SHEET] = found[SHEET].replace(b"url(INTER)", f"url(/static/{font})".encode())
        self._content = found
        self._names = {name: _named(name, content) for name, content in found.items()}

    def url(self, name: str) -> str:
        """Return where a file is; raises KeyError if there is none of that name."""
        return f"/static/{self._names[name]}"

    def route(self) -> Route:
        """Return what answers for them."""
        return Route("/static/{digest}/{name}", self._answer)

    def _answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        if self._names.get(name) != f"{request.path_params['digest']}/{name}":
            return Response(status_code=404)
        kind = KINDS[Path(name).suffix]
        return Response(self._content[name], media_type=kind, headers={"cache-control": FOR_EVER})

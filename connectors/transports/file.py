"""Effects that are files: a file of its own for each, or records at the end of one; never half of it."""

import asyncio
import csv
import io
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from connectors.prepared import Prepared, Response
from connectors.templates import Scope, TemplateFailed
from connectors.transports.journal import append, sync_folder
from contracts.bounds import clean
from contracts.connector import Manifest
from contracts.failure import OUT_OF_BOUNDS, CallFailed

READ_LIMIT_BYTES = 8_000_000


class FileExecutor:
    """The files of one connector, all below its base folder.

    `WRITE` makes a new file and does nothing if it is there with the same content: its name, made
    from the key, is a native key. `APPEND` adds records under a lock and does nothing if one of the
    file's holds the key in the same field; a new file begins with the request's `document`. `READ` answers
    `{"text": ..., "rows": [...]}`, the rows by the names in the first line; an absent file is empty.
    """

    def __init__(self, manifest: Manifest) -> None:
        """Take the folder from `file:///abs/folder` or `file:folder`, seen from the working folder."""
        self._base = Path(unquote(urlsplit(manifest.base_url).path)).resolve()

    async def call(self, prepared: Prepared, scope: Scope) -> Response:
        """Do it in a thread; raises CallFailed."""
        return await asyncio.to_thread(self._call, prepared, scope)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _call(self, prepared: Prepared, scope: Scope) -> Response:
        try:
            path = self._inside(prepared.request.path.render(scope))
            text = prepared.request.text.render(scope)
        except TemplateFailed as failed:
            raise CallFailed(str(failed), code="arguments", sent=False) from None
        try:
            if prepared.request.method == "READ":
                return Response(_read(path))
            path.parent.mkdir(parents=True, exist_ok=True)
            if prepared.request.method == "WRITE":
                _write(path, text, str(scope["key"]))
            else:
                append(path, prepared.request.document, text, str(scope["key"]))
            sync_folder(path.parent)
        except OSError as error:
            name = type(error).__name__
        else:
            reference = str(path.relative_to(self._base))
            return Response({"path": reference}, reference=f"{reference}#{scope['key']}")
        raise CallFailed(f"{prepared.title}: {name}", exception=name)

    def _inside(self, relative: str) -> Path:
        path = (self._base / relative.lstrip("/")).resolve()
        if not path.is_relative_to(self._base):
            raise CallFailed("the path leads out of the connector's folder", code="arguments", sent=False)
        return path


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read(READ_LIMIT_BYTES + 1)
    except FileNotFoundError:
        text = ""
    if len(text) > READ_LIMIT_BYTES:
        raise CallFailed(
            f"{path.name} is too large to be read at once", exception="AnswerTooLarge", code=OUT_OF_BOUNDS
        )
    text = clean(text)
    return {"text": text, "rows": list(csv.DictReader(io.StringIO(text)))}


def _write(path: Path, text: str, key: str) -> None:
    """Write beside it, bring it to the disk, and give it its name; the name is given only once."""
    draft = path.with_name(f".{key}.{os.getpid()}.draft")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        if path.read_text(encoding="utf-8") != text:
            raise CallFailed(f"{path.name} is there with other content", code="exists", sent=False) from None
    finally:
        draft.unlink(missing_ok=True)

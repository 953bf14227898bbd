"""Effects that are files: a file of its own for each, or lines at the end of one; never half of it."""

import asyncio
import csv
import fcntl
import io
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from connectors.prepared import Answer, Prepared
from connectors.templates import Scope, TemplateFailed
from contracts.failure import CallFailed
from contracts.manifest import Manifest

READ_LIMIT_BYTES = 8_000_000


class FileExecutor:
    """The files of one connector, all below its base folder.

    `WRITE` makes a new file and does nothing if it is there with the same content: its name, made
    from the key, is a native key. `APPEND` adds lines under a lock and does nothing if the key
    stands in the file already; a new file begins with the request's `document`. `READ` answers
    `{"text": ..., "rows": [...]}`, the rows by the names in the first line; an absent file is empty.
    """

    def __init__(self, manifest: Manifest) -> None:
        """Take the folder from `file:///abs/folder` or `file:folder`, seen from the working folder."""
        self._base = Path(unquote(urlsplit(manifest.base_url).path)).resolve()

    async def call(self, prepared: Prepared, scope: Scope) -> Answer:
        """Do it in a thread; raises CallFailed."""
        return await asyncio.to_thread(self._call, prepared, scope)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _call(self, prepared: Prepared, scope: Scope) -> Answer:
        try:
            path = self._inside(prepared.request.path.render(scope))
            text = prepared.request.text.render(scope)
        except TemplateFailed as failed:
            raise CallFailed(str(failed), code="arguments", sent=False) from None
        try:
            if prepared.request.method == "READ":
                return Answer(_read(path))
            path.parent.mkdir(parents=True, exist_ok=True)
            if prepared.request.method == "WRITE":
                _write(path, text, str(scope["key"]))
            else:
                _append(path, prepared.request.document, text, str(scope["key"]))
        except OSError as error:
            name = type(error).__name__
        else:
            reference = str(path.relative_to(self._base))
            return Answer({"path": reference}, reference=f"{reference}#{scope['key']}")
        raise CallFailed(f"{prepared.title}: {name}", exception=name)

    def _inside(self, relative: str) -> Path:
        path = (self._base / relative.lstrip("/")).resolve()
        if not path.is_relative_to(self._base):
            raise CallFailed("the path leads out of the connector's folder", code="arguments", sent=False)
        return path


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read(READ_LIMIT_BYTES + 1)
    except FileNotFoundError:
        text = ""
    if len(text) > READ_LIMIT_BYTES:
        raise CallFailed(f"{path.name} is too large to be read at once", exception="AnswerTooLarge")
    return {"text": text, "rows": list(csv.DictReader(io.StringIO(text)))}


def _write(path: Path, text: str, key: str) -> None:
    """Write beside it, bring it to the disk, and give it its name; the name is given only once."""
    draft = path.with_name(f".{key}.{os.getpid()}.draft")
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        if path.read_text(encoding="utf-8") != text:
            raise CallFailed(f"{path.name} is there with other content", code="exists", sent=False) from None
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _append(path: Path, first_line: str, text: str, key: str) -> None:
    """Add the lines in one write under the file's lock, unless the key stands there already."""
    lines = text if text.endswith("\n") else text + "\n"
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        present = file.read()
        if key.encode() in present:
            return
        if present:
            before = "" if present.endswith(b"\n") else "\n"
        else:
            before = first_line.rstrip("\n") + "\n" if first_line else ""
        file.write((before + lines).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

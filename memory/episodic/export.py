"""The episode log as a file: JSON lines and the signed head, for a verifier without the database."""

from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Engine

from contracts.base import Frozen
from memory.episodic.chain import ChainHead, Link, key_id
from memory.episodic.chain_check import ChainCheck
from memory.episodic.journal import read_head
from memory.episodic.verify import Progress, Report, Unreadable, pages, snapshot

_TOLD_EVERY = 2000


class ExportEnd(Frozen):
    """The last line of an export.

    Attributes:
        public_key: the signing key's public half; a verifier compares its name with one they know.
    """

    head: ChainHead
    public_key: str


class ExportBroken(Exception):
    """The file is no whole export; the message says where it stops making sense."""


def export_log(engine: Engine, path: Path, public_key: str, progress: Progress | None = None) -> ChainHead:
    """Write the log as one moment saw it, one link a line and the signed head on the last.

    The file appears under its name only when it is complete.

    Raises:
        Unreadable: a link cannot be read; `verify_log` says more.
    """
    partial = path.with_name(path.name + ".partial")
    written = 0
    with snapshot(engine) as session, partial.open("w", encoding="utf-8") as file:
        head = read_head(session)
        for page in pages(session, head.count):
            for link in page:
                if isinstance(link, Unreadable):
                    raise link
                file.write(link.model_dump_json() + "\n")
            written += len(page)
            if progress is not None:
                progress(written, head.count)
        file.write(ExportEnd(head=head, public_key=public_key).model_dump_json() + "\n")
    partial.replace(path)
    return head


def verify_file(path: Path, public_key: str | None, progress: Progress | None = None) -> Report:
    """Verify an export without the database.

    Args:
        path: the export.
        public_key: whose signature the head must carry; None trusts the key in the file and says so.
        progress: called now and then.

    Raises:
        ExportBroken: the last line is not the signed head: the file itself was cut.
    """
    end = _end(path)
    check = ChainCheck()
    for link in _links(path):
        if isinstance(link, Unreadable):
            check.unreadable(link.position, link.why)
        else:
            check.read(link)
        if progress is not None and check.links % _TOLD_EVERY == 0:
            progress(check.links, end.head.count)
    check.finish(end.head, public_key or end.public_key, lambda hashes: _find(path, hashes))
    notes = () if public_key else (f"the key {key_id(end.public_key)} was taken from the file itself",)
    return Report(
        links=check.links, head=end.head, findings=tuple(check.findings), found=check.found, notes=notes
    )


def _end(path: Path) -> ExportEnd:
    last = ""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            last = line
    try:
        return ExportEnd.model_validate_json(last)
    except ValidationError:
        raise ExportBroken(f"{path}: the last line is not the signed head; the file was cut") from None


def _links(path: Path) -> Iterator[Link | Unreadable]:
    """Yield all lines but the last."""
    with path.open(encoding="utf-8", errors="replace") as file:
        held: str | None = None
        for number, line in enumerate(file):
            if held is not None:
                yield _parsed(number, held)
            held = line


def _parsed(number: int, line: str) -> Link | Unreadable:
    try:
        return Link.model_validate_json(line)
    except ValidationError as error:
        return Unreadable(number, f"line {number} is no episode ({error.errors()[0]['msg']})")


def _find(path: Path, hashes: Collection[str]) -> dict[str, int]:
    return {
        link.hash: link.position for link in _links(path) if isinstance(link, Link) and link.hash in hashes
    }

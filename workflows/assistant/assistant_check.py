"""Can an office's assistant work? Part of what `kontor check` says."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue

from contracts.office import Problem
from memory.semantic.markdown import files
from workflows.assistant.assistant_file import FILE, AssistantOfOffice
from workflows.assistant.documents import FOLDER, KIND, check_documents

DESK = "assistant"
UNKNOWN_TEXT, ASKED_TEXT = "unknown", "person"
TEXTS: dict[str, dict[str, JsonValue]] = {UNKNOWN_TEXT: {}, ASKED_TEXT: {}}
"""What customers are told in the office's own words, with the values that a text may name."""


def check_assistant(office: Path) -> Iterator[Problem]:
    """Yield every problem of `assistant.toml` and the documents, by line; nothing for an office without."""
    yield from check_documents(office)
    read = AssistantOfOffice(office)
    yield from read.problems
    if read.file is None:
        return
    if KIND in read.file.answers.kinds and not files(office / FOLDER):
        line = read.line("answers", "kinds") or read.line("answers")
        what = f"[answers] kinds: there is no {KIND} in {FOLDER}/: every question would go to a person"
        yield Problem(file=FILE, line=line, what=what, fix=f"write {FOLDER}/NAME.md, or name other kinds")

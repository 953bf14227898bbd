"""`office/documents/`: what the office knows and customers may read, as passages of memory."""

from collections.abc import Iterator
from pathlib import Path

from contracts.memory import Document, Memory
from contracts.office import Problem
from memory.semantic.markdown import NotReadable, files, read

FOLDER = "documents"
KIND = "document"


def documents_of(office: Path) -> Document:
    """Return all documents as one: what an office takes away is known no more.

    A passage's source is `documents#FILE#HEADING`.

    Raises:
        NotReadable: a file cannot be read.
    """
    folder = office / FOLDER
    found = [read(file, folder, KIND) for file in files(folder)]
    return Document(source=FOLDER, passages=tuple(_linked(each) for doc in found for each in doc.passages))


def check_documents(office: Path) -> Iterator[Problem]:
    """Yield each document that cannot be read, and each that holds nothing."""
    folder = office / FOLDER
    for file in files(folder):
        place = file.relative_to(office).as_posix()
        try:
            if not read(file, folder, KIND).passages:
                yield Problem(file=place, line=0, what="it holds no text", fix="write some, or delete it")
        except NotReadable as wrong:
            yield Problem(file=place, line=1, what=str(wrong).partition(": ")[2])


def _linked(passage: Memory) -> Memory:
    return passage.model_copy(update={"source": f"{FOLDER}#{passage.source.partition(':')[2]}"})

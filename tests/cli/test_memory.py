"""`kontor memory` through its front door, with everything real but Temporal."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli import memory as commands
from memory.semantic.stores.qdrant_edge import QdrantEdge
from settings import Settings

RUN = CliRunner()


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    own = Settings(state=tmp_path / ".kontor", temporal_address="127.0.0.1:1")
    with Installation(own) as here:
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        yield own


def kontor_memory(*words: str, code: int = 0) -> str:
    result = RUN.invoke(commands.app, list(words))
    assert result.exit_code == code, result.output
    return result.stdout


def test_what_is_added_is_found_corrected_shown_and_forgotten() -> None:
    old = json.loads(
        kontor_memory("add", "Boots may be returned within 30 days.", "--kind", "policy", "--json")
    )
    new = json.loads(
        kontor_memory(
            "add",
            "Boots may be returned within 14 days.",
            "--kind",
            "policy",
            "--supersedes",
            old["id"],
            "--json",
        )
    )
    kontor_memory("add", "c-1 likes red boots", "--customer", "c-1")
    found = json.loads(kontor_memory("search", "send shoes back", "--kind", "policy", "--json"))
    assert [each["id"] for each in found] == [new["id"]]
    history = json.loads(kontor_memory("show", new["id"], "--json"))
    assert [each["superseded_by"] for each in history] == [new["id"], None]
    gone = json.loads(kontor_memory("forget", "c-1", "--yes", "--json"))
    assert gone["memories"] == 1
    stats = json.loads(kontor_memory("stats", "--json"))
    assert (stats["live"], stats["retired"], stats["collections"][0]["vectors"]) == (1, 1, 1)
    assert "superseded by" in kontor_memory("show", new["id"])


def test_importing_a_folder_again_changes_nothing_and_a_broken_file_is_named(tmp_path: Path) -> None:
    blog = tmp_path / "blog"
    blog.mkdir()
    for number in range(3):
        (blog / f"{number}.md").write_text(f"---\ntitle: Post {number}\n---\nAbout boots {number}.\n")
    first = json.loads(kontor_memory("import", str(blog), "--json"))
    again = json.loads(kontor_memory("import", str(blog), "--json"))
    assert [(done["documents"], done["fresh"]) for done in (first, again)] == [(3, 3), (3, 0)]
    (blog / "broken.md").write_text("---\ntitle: [\n---\n")
    assert "4 documents" not in kontor_memory("import", str(blog), code=1)
    assert json.loads(kontor_memory("mend", "--json"))[0]["missing"] == 0


def test_a_rebuild_here_switches_and_goes_back() -> None:
    kontor_memory("add", "Boots may be returned within 30 days of delivery, if they were not worn outside.")
    kontor_memory("rebuild", "--back", code=1)
    built = json.loads(kontor_memory("rebuild", "--embedder", "minilm", "--json"))
    assert built["switched"]
    back = json.loads(kontor_memory("rebuild", "--back", "--json"))
    assert (back["collection"], back["previous"]) == (built["previous"], built["collection"])
    result = RUN.invoke(commands.app, ["rebuild", "--embedder", "no/such-model"])
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "no/such-model is neither a folder nor a model" in " ".join(result.stderr.split())


def test_what_is_wrong_is_said_with_an_exit_code(installation: Settings) -> None:
    kontor_memory("show", "no-such-id", code=1)
    kontor_memory("add", "x", "--supersedes", "no-such-id", code=1)
    kontor_memory("search", "x", "--mode", "psychic", code=2)
    kontor_memory("rebuild", code=2)
    owner = QdrantEdge(installation.state / "vectors")
    kontor_memory("stats", code=3)
    owner.close()

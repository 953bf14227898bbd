"""Markdown becomes passages that can be understood alone and found again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from memory.semantic.markdown import PASSAGE_WORDS, NotReadable, files, read

POST = """---
title: "Sketching: a start"
date: 2015-01-06
---
We *sketch* in [code](https://example.com/x "y"). <b>Why?</b>

## Why not?

One paragraph, with `code` and ![a picture](p.png).

- first point
- second point

```python
print("kept")
```

## Long

"""


def post(folder: Path, text: str, name: str = "2014-12-22-sketch.md") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_passages_have_title_date_and_a_source_with_their_heading(tmp_path: Path) -> None:
    file = post(tmp_path, POST)
    document = read(file, tmp_path, "post")
    first, second, _ = document.passages
    assert document.source == "post:2014-12-22-sketch.md"
    assert first.text == "Sketching: a start: We sketch in code. Why?"
    assert first.at == datetime(2015, 1, 6, tzinfo=UTC)
    assert second.source == "post:2014-12-22-sketch.md#why-not"
    assert second.text == (
        'Sketching: a start: Why not? One paragraph, with code and . first point second point print("kept")'
    )


def test_long_sections_are_cut_at_sentences_and_nothing_is_lost(tmp_path: Path) -> None:
    sentences = [f"This is sentence number {number} of the long one." for number in range(60)]
    file = post(tmp_path, "# Long\n\n" + " ".join(sentences))
    document = read(file, tmp_path, "note")
    texts = [passage.text for passage in document.passages]
    assert len(texts) > 3
    assert all(len(text.split()) <= PASSAGE_WORDS + 12 for text in texts)
    assert all(text.endswith("long one.") for text in texts)
    assert " ".join(texts) == " ".join(["Long", *sentences])


def test_a_change_in_one_section_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    before = read(post(tmp_path, "# A\n\nOne.\n\n# B\n\nTwo.\n"), tmp_path, "post")
    after = read(post(tmp_path, "# A\n\nOne, and more.\n\n# B\n\nTwo.\n"), tmp_path, "post")
    assert before.passages[1] == after.passages[1]
    assert before.passages[0] != after.passages[0]


def test_a_date_may_stand_in_the_name_only_and_a_wrong_one_is_none(tmp_path: Path) -> None:
    named = read(post(tmp_path, "Text."), tmp_path, "post")
    wrong = read(post(tmp_path, "---\ndate: someday\n---\nText.", "x.md"), tmp_path, "post")
    assert [named.passages[0].at, wrong.passages[0].at] == [datetime(2014, 12, 22, tzinfo=UTC), None]


def test_front_matter_that_is_no_yaml_is_named_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match=r"broken\.md"):
        read(post(tmp_path, "---\ntitle: [\n---\nText.", "broken.md"), tmp_path, "post")


def test_all_markdown_below_a_folder_is_found_in_order(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.md", "a.markdown", "deep/c.MD", "d.txt"):
        post(tmp_path, "Text.", name)
    assert [file.name for file in files(tmp_path)] == ["a.markdown", "b.md", "c.MD"]

from pathlib import Path

import pytest

from contracts.office import lines_of, office_files, office_version, read_text, version_of


def test_the_version_changes_with_content_and_with_names_and_not_with_order() -> None:
    first = office_version({"a.toml": b"1", "b.toml": b"2"})
    assert office_version({"b.toml": b"2", "a.toml": b"1"}) == first
    changed = [{"a.toml": b"2", "b.toml": b"1"}, {"a.toml": b"1"}, {"a.toml": b"1b.toml", "": b"2"}, {}]
    assert len({first, *(office_version(files) for files in changed)}) == 5


def test_hidden_files_and_caches_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "a.cedar").write_text("permit")
    version = version_of(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("main")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"0")
    assert version_of(tmp_path) == version
    assert list(office_files(tmp_path)) == ["policies/a.cedar"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        office_files(tmp_path / "nowhere")


def test_lines_end_at_line_feeds_only_and_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    inside = "\u2028 \u2029 \u0085 \x0c \x1c \x1d \x1e \x0b"
    file = tmp_path / "requests.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + f"one{inside}\r\n\ntwo\n".encode())

    assert lines_of(read_text(file)) == [f"one{inside}", "", "two"]
    assert lines_of(f"\ufeffone{inside}\ntwo") == [f"one{inside}", "two"]

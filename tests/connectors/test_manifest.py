from pathlib import Path

import pytest

from connectors.manifest import load_manifests
from contracts.connector import Manifest
from contracts.office import OfficeInvalid, Problem
from contracts.toml_lines import TomlLines
from tests.connectors.system import SHOP, write_office


def problems_of(folder: Path, manifest: str) -> list[Problem]:
    with pytest.raises(OfficeInvalid) as caught:
        load_manifests(write_office(folder, manifest), {"PORT": "1"})
    return caught.value.problems


def line_of(manifest: str, beginning: str) -> int:
    return next(
        n for n, line in enumerate(manifest.splitlines(), start=1) if line.strip().startswith(beginning)
    )


def load(folder: Path, manifest: str, **variables: str) -> Manifest:
    return load_manifests(write_office(folder, manifest), {"PORT": "1", **variables})["shop"]


def test_a_manifest_that_does_not_fit_is_told_with_file_table_field_and_line(tmp_path: Path) -> None:
    wrong = SHOP.replace('effect = "write"\nsensitivity', 'effect = "wrote"\nsensitivity')
    [problem] = problems_of(tmp_path, wrong)
    assert problem.file == "connectors/shop.toml"
    assert problem.line == line_of(wrong, 'effect = "wrote"')
    assert problem.what.startswith("[operations.refund] effect: must be 'read' or 'write'")


def test_a_field_that_does_not_exist_is_told_where_it_stands(tmp_path: Path) -> None:
    wrong = SHOP.replace('reference = "id"\nnext_cursor', 'referense = "id"\nnext_cursor', 1)
    found = {problem.what.split(":")[0]: problem for problem in problems_of(tmp_path, wrong)}
    assert found["[operations.refund.lookup] referense"].line == line_of(wrong, "referense")
    assert "no such field" in found["[operations.refund.lookup] referense"].what
    assert found["[operations.refund.lookup] reference"].what.endswith("is missing")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write_office(tmp_path, "name = 'x'", "x")
    write_office(tmp_path, "this is not TOML", "y")
    with pytest.raises(OfficeInvalid) as caught:
        load_manifests(write_office(tmp_path, SHOP), {"PORT": "1"})
    files = {problem.file for problem in caught.value.problems}
    assert files == {"connectors/x.toml", "connectors/y.toml"}
    assert next(p for p in caught.value.problems if p.file.endswith("y.toml")).line == 1


def test_a_file_and_its_connector_have_one_name(tmp_path: Path) -> None:
    with pytest.raises(OfficeInvalid, match=r"rename the file to shop\.toml"):
        load_manifests(write_office(tmp_path, SHOP, "store"), {"PORT": "1"})


def test_a_variable_comes_from_outside_or_has_a_default_or_is_a_problem(tmp_path: Path) -> None:
    assert load(tmp_path, SHOP, PORT="81").base_url == "http://127.0.0.1:81/api"
    with_default = SHOP.replace("${PORT}", "${OTHER_PORT:-8400}")
    assert load(tmp_path, with_default).base_url == "http://127.0.0.1:8400/api"
    assert load(tmp_path, with_default, OTHER_PORT="9").base_url == "http://127.0.0.1:9/api"
    [problem] = problems_of(tmp_path, SHOP.replace("${PORT}", "${OTHER_PORT}"))
    assert problem.line == line_of(SHOP, "base_url")
    assert "OTHER_PORT} is not set" in problem.what


def test_the_connector_version_moves_with_what_is_declared_and_not_with_a_comment(tmp_path: Path) -> None:
    first = load(tmp_path, SHOP).connector_version
    assert load(tmp_path, "# a remark\n" + SHOP).connector_version == first
    assert load(tmp_path, SHOP.replace("/refunds", "/payouts")).connector_version != first
    assert load(tmp_path, SHOP, PORT="2").connector_version != first


def test_a_failure_mode_that_never_matches_is_refused(tmp_path: Path) -> None:
    wrong = (
        SHOP + '\n[[failures]]\nstatus = [400]\nmeans = "ambiguous"\n\n[[failures]]\nmeans = "ambiguous"\n'
    )
    [problem] = problems_of(tmp_path, wrong)
    assert "must name a status, a code or an exception" in problem.what
    assert problem.line == len(wrong.splitlines()) - 1


def test_lines_are_found_in_every_way_of_writing_toml() -> None:
    text = '''a = 1
[b]
c = """
d = 2
[e]
"""
f.g = 3
"h i" = { j = 1, k = 2 }
[[l]]
m = 1
[[l]]
m = 2
[n . "o.p"]
q = 1
'''
    lines = TomlLines(text)
    assert lines.line(("a",)) == 1
    assert lines.line(("b", "c")) == 3
    assert lines.line(("b", "d")) == 2
    assert lines.line(("b", "f", "g")) == 7
    assert lines.line(("b", "h i", "k")) == 8
    assert lines.line(("l", 0, "m")) == 10
    assert lines.line(("l", 1, "m")) == 12
    assert lines.line(("n", "o.p", "q")) == 14
    assert lines.line(("nowhere",)) == 0

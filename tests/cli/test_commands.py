"""The command line as a user meets it: exit codes, messages, `--json`, with nothing running."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.environment import free_port
from tests.conftest import ROOT


class Kontor:
    """Runs `kontor` as a process of its own, with its own state."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.environment = {
            **os.environ,
            "KONTOR_STATE": str(state),
            "KONTOR_OFFICE": str(ROOT / "office"),
            "KONTOR_TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
            "KONTOR_SANDBOX_PORT": str(free_port()),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def __call__(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "starter", *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=ROOT,
        )


@pytest.fixture
def kontor(tmp_path: Path) -> Kontor:
    return Kontor(tmp_path / "state")


def test_the_office_that_ships_is_sound(kontor: Kontor) -> None:
    checked = kontor("check")

    assert checked.returncode == 0, checked.stderr
    verdict, left = checked.stdout.splitlines()
    assert verdict.endswith(" is sound")
    assert "left to people" in left
    told = kontor("check", "--notes").stdout
    assert "note: store lacks find_orders" in told
    assert told.count("note: ") == int(left.split()[0])


def test_a_broken_office_is_named_with_file_and_line(kontor: Kontor, tmp_path: Path) -> None:
    broken = tmp_path / "office"
    subprocess.run(["cp", "-r", str(ROOT / "office"), str(broken)], check=True)
    manifest = broken / "connectors" / "webshop.toml"
    manifest.write_text(manifest.read_text().replace('transport = "http"', 'transport = "pigeon"'))

    checked = kontor("check", str(broken))

    assert checked.returncode == 1
    assert "webshop.toml:" in checked.stderr
    assert "transport" in checked.stderr


def test_a_byte_order_mark_before_any_file_of_the_office_is_read_over(kontor: Kontor, tmp_path: Path) -> None:
    marked = tmp_path / "office"
    subprocess.run(["cp", "-r", str(ROOT / "office"), str(marked)], check=True)
    texts = [path for path in marked.rglob("*") if path.suffix in (".toml", ".cedar", ".jsonl")]
    for path in texts:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    checked = kontor("check", str(marked))

    assert len(texts) > 20
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "KONTOR_TEMPORAL_ADDRESS",
            "localhost",
            "names no port: write HOST:PORT, for instance localhost:7233",
        ),
        ("KONTOR_TEMPORAL_ADDRESS", "localhost:", "names no port"),
        ("KONTOR_STATE", __file__, "is a file: name a folder"),
        ("KONTOR_STATE", f"{__file__}/below", "is a file: name a folder"),
        ("KONTOR_SANDBOX_PORT", "eighty", "valid integer"),
        ("KONTOR_SANDBOX_PORT", "99999", "less than or equal to 65535"),
        ("KONTOR_SANDBOX_PORT", "-1", "greater than or equal to 1"),
        ("KONTOR_TEMPORAL_UI_PORT", "70000", "less than or equal to 65535"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_in_a_sentence(
    kontor: Kontor, name: str, value: str, said: str
) -> None:
    kontor.environment[name] = value
    refused = kontor("cases")

    assert refused.returncode == 2
    assert f"{name}: " in refused.stderr
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_two_parts_of_the_stack_on_one_port_are_told_which(kontor: Kontor) -> None:
    port = kontor.environment["KONTOR_TEMPORAL_ADDRESS"].rpartition(":")[2]
    kontor.environment["KONTOR_TEMPORAL_UI_PORT"] = port
    refused = kontor("up")

    assert refused.returncode == 3
    assert f"port {port} is the Temporal server's own" in refused.stderr
    assert "set KONTOR_TEMPORAL_UI_PORT" in refused.stderr


def test_a_list_of_no_cases_is_an_empty_list_for_scripts(kontor: Kontor) -> None:
    listed = kontor("cases", "--json")

    assert listed.returncode == 0
    assert json.loads(listed.stdout) == []


def test_an_unknown_status_is_a_usage_error_that_lists_the_known_ones(kontor: Kontor) -> None:
    listed = kontor("cases", "--status", "sleeping")

    assert listed.returncode == 2
    assert "settled" in listed.stderr


def test_an_unknown_case_is_said_so(kontor: Kontor) -> None:
    shown = kontor("case", "returns/webshop/NONE")

    assert shown.returncode == 1
    assert "no case returns/webshop/NONE" in shown.stderr


def test_submitting_with_no_server_says_what_to_start(kontor: Kontor) -> None:
    line = '{"id": "R-1", "channel": "webshop", "order": "W-1", "message": "too small"}'

    submitted = kontor("submit", "returns", "-", stdin=line)

    assert submitted.returncode == 3
    assert "kontor up" in submitted.stderr


def test_a_file_that_is_not_there_is_a_usage_error(kontor: Kontor) -> None:
    submitted = kontor("submit", "returns", "nowhere.jsonl")

    assert submitted.returncode == 2
    assert "nowhere.jsonl" in submitted.stderr


def test_a_desk_that_does_not_exist_is_a_usage_error_that_lists_the_desks(kontor: Kontor) -> None:
    submitted = kontor("submit", "returning", "-")

    assert submitted.returncode == 2
    assert "returns" in submitted.stderr


def test_the_doctor_names_what_is_not_running_and_how_to_start_it(kontor: Kontor) -> None:
    findings = {finding["part"]: finding for finding in json.loads(kontor("doctor", "--json").stdout)}

    assert findings["Temporal server"]["state"] == "off"
    assert findings["Temporal server"]["advice"] == "kontor up"
    assert findings["temporalio"]["state"] == "ok"
    assert findings["office"]["state"] == "ok"


def test_every_command_teaches(kontor: Kontor) -> None:
    shown = kontor("--help")

    assert shown.returncode == 0
    for command in ("up", "submit", "cases", "case", "replay", "check", "doctor", "approvals"):
        assert command in shown.stdout

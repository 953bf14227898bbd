"""A worker that could change nothing in the books does not start, and says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("key", "said"),
    [({}, "set KONTOR_SECRET_AUDIT_KEY"), ({"KONTOR_SECRET_AUDIT_KEY": "guessed"}, "64 hex digits")],
    ids=["none", "no key"],
)
def test_a_worker_without_the_key_of_the_log_names_the_secret_and_ends(
    tmp_path: Path, key: dict[str, str], said: str
) -> None:
    environment = {**os.environ, "KONTOR_STATE": str(tmp_path), "KONTOR_SECRETS": "environment", **key}
    ended = subprocess.run(
        [sys.executable, "-m", "worker", "--roles", "connectors"],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "the worker does not start" in ended.stderr
    assert said in ended.stderr
    assert "guessed" not in ended.stderr
    assert "Traceback" not in ended.stderr

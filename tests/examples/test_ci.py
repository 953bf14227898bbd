"""The sample CI job for an office folder passes on the example office, and fails on a bad one."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.conftest import ROOT

JOB = ROOT / "examples" / "ci" / "office.yaml"


def steps() -> list[dict[str, Any]]:
    return list(yaml.safe_load(JOB.read_text())["jobs"]["check"]["steps"])


def commands() -> list[str]:
    """What the job runs after it has installed Kontor."""
    return [step["run"] for step in steps() if "run" in step and "pip install" not in step["run"]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository as the job checks it out: the office, and nothing of Kontor."""
    shutil.copytree(ROOT / "office", tmp_path / "office")
    return tmp_path


def run(command: str, repository: Path) -> subprocess.CompletedProcess[str]:
    """One step, as GitHub's shell runs it: it stops at the first failure."""
    kontor = repository / "bin" / "kontor"
    kontor.parent.mkdir(exist_ok=True)
    kontor.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m starter "$@"\n')
    kontor.chmod(0o755)
    environment = {
        "PATH": f"{kontor.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": "/nowhere",
    }
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", commands())
def test_each_command_of_the_job_passes_on_the_example_office(command: str, repository: Path) -> None:
    done = run(command, repository)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not (repository / ".kontor" / "kontor.db").exists(), "a check needs no books"


def test_the_job_fails_on_an_office_whose_policies_its_tests_contradict(repository: Path) -> None:
    policies = repository / "office" / "policies" / "returns.cedar"
    policies.write_text(policies.read_text().replace("amount_cents > 100000", "amount_cents > 5000"))

    failed = [run(command, repository) for command in commands()]

    assert [done.returncode for done in failed] == [1, 1]
    assert "policies/tests/returns.toml:" in failed[0].stderr


def test_the_job_installs_this_project_from_a_repository_on_a_python_that_it_runs_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [install] = [step["run"] for step in steps() if "pip install" in step.get("run", "")]
    [python] = [step["with"]["python-version"] for step in steps() if "setup-python" in step.get("uses", "")]

    wanted = Requirement(shlex.split(install)[-1])

    assert wanted.name == project["name"]
    assert re.fullmatch(r"git\+https://\S+@\S+", wanted.url or ""), "by its name alone it is a stranger's"
    assert Requirement(f"python{project['requires-python']}").specifier.contains(python)


def test_every_action_that_the_job_uses_names_its_version() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]

    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", each) for each in used)

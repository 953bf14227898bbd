"""Where real systems are kept, and how it is said that one cannot be had."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
KEPT = Path(os.environ.get("KONTOR_REAL", str(HERE.parent.parent / ".real")))
INSTALL_SECONDS = 900


class Missing(Exception):
    """A real system cannot be had here; the text says what is missing and how to get it."""


def need(command: str, how: str) -> str:
    """Return a command's path; raises Missing."""
    found = shutil.which(command)
    if found is None:
        raise Missing(f"{command} is missing: {how}")
    return found


def run(command: Sequence[str | Path], what: str, folder: Path, **environment: str) -> None:
    """Run a command to its end; raises Missing with its last words."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise Missing(f"{what} failed with status {done.returncode}:\n" + "\n".join(last))


def kept(name: str, recipe: str) -> tuple[Path, bool]:
    """Return the folder of an installed system, and whether it was finished with this recipe."""
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    folder = KEPT / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder, (folder / ".finished").exists()


def finish(folder: Path) -> None:
    """Note that an installation is whole."""
    (folder / ".finished").touch()

"""Debian's own Chromium under Playwright: nothing is downloaded that the distribution does not keep."""

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser")
PACKAGES = ("chromium", "fonts-liberation")
INSTALL_SECONDS = 900


class Missing(Exception):
    """There is no browser here; the text says how to get one."""


def chromium() -> str:
    """Return the path of Chromium; root of a Debian machine gets it installed. Raises Missing."""
    if path := _found():
        return path
    by_hand = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"Chromium is missing: on Debian or Ubuntu, `{by_hand}` as root, then run this again")
    _apt("update")
    _apt("install", "-y", "--no-install-recommends", *PACKAGES)
    if path := _found():
        return path
    raise Missing(f"Chromium is missing still after `{by_hand}`")


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", "-qq", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        raise Missing(f"`apt-get {' '.join(words)}` failed: {(done.stderr or done.stdout).strip()[-600:]}")

"""Debian packages without installing them: downloaded by apt-get and unpacked into a folder."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from tests.real.installing import Missing, finish, kept, need, run

NO_ROOT = ["-o", "Debug::NoLocking=1", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="]


class Unpacked:
    """A folder that looks like `/` with some packages installed, for the libraries this machine lacks."""

    def __init__(self, root: Path) -> None:
        """Use a folder that `unpack` made."""
        self.root = root

    @property
    def environment(self) -> dict[str, str]:
        """What a program of the folder needs to find its libraries."""
        libraries = self.root / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
        return {"LD_LIBRARY_PATH": f"{libraries}:{libraries / 'mariadb'}"}


def unpack(name: str, packages: Sequence[str]) -> Unpacked:
    """Return the packages, and what they need and this machine has not, unpacked; raises Missing."""
    apt = need("apt-get", f"{name} comes from Debian's packages: run this on Debian or Ubuntu")
    dpkg = need("dpkg-deb", "it comes with Debian")
    folder, finished = kept(name, " ".join(packages))
    if not finished:
        (folder / "partial").mkdir(exist_ok=True)
        archives = ["-o", f"Dir::Cache::archives={folder}"]
        command = [apt, *NO_ROOT, *archives, "install", "-y", "-qq", "--no-install-recommends"]
        what = f"apt-get could not download {name} (run `apt-get update` first); it"
        download = [*command, "--download-only", *packages]
        try:
            run(download, what, folder)
        except Missing:
            if os.geteuid() != 0:
                raise
            # A fresh container has no package lists, and root may fetch them.
            run([apt, "update"], "apt-get update", folder)
            run(download, what, folder)
        for archive in sorted(folder.glob("*.deb")):
            run([dpkg, "-x", archive, folder / "root"], f"unpacking {archive.name}", folder)
            archive.unlink()
        finish(folder)
    return Unpacked(folder / "root")

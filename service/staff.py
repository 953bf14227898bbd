"""Who is on the staff at this moment, by the office in force: it may have changed since a process started."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from contracts.office import OfficeInvalid, read_text
from policy.staff import FILE, Staff, read_staff

if TYPE_CHECKING:
    from bootstrap.records import Records


class StaffInForce:
    """Reads the staff of the office in force, anew for each version. Thread-safe."""

    def __init__(self, records: "Records") -> None:
        self._records = records
        self._lock = Lock()
        self._version = ""
        self._staff = Staff()

    def now(self) -> Staff:
        """Return the staff of the office that is in force now.

        Raises:
            OfficeInvalid: its staff cannot be read.
            OSError: there is no such file.
        """
        release = self._records.offices.in_force()
        if release is None:
            return _read(self._records.settings.office)
        with self._lock:
            if release.version != self._version:
                self._staff = _read(self._records.unpacked(release.version))
                self._version = release.version
            return self._staff


def _read(office: Path) -> Staff:
    staff, problems = read_staff(read_text(office / FILE))
    if problems:
        raise OfficeInvalid(problems)
    return staff

"""What happens at the office while somebody is at the console."""

from datetime import UTC, datetime

from bootstrap.installation import Installation
from contracts.office import office_files
from tests.conftest import ROOT

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def dismiss(kontor: Installation, person: str) -> None:
    """Put an office in force in which somebody does not work any more."""
    files = office_files(ROOT / "office")
    staff = files["staff.toml"].decode()
    begin = staff.index(f"[people.{person}]")
    end = staff.find("\n[people.", begin)
    files["staff.toml"] = (staff[:begin] + (staff[end:] if end > 0 else "")).encode()
    kontor.releases.put_in_force(files, by="a test", at=NOW)

"""Small offices written by a test."""

from pathlib import Path

FACTS = """
operations = ["paint", "notify"]
[desks.studio]
colour = ["red", "blue", "red;"]
litres = "Long"
"""

PAINT = """
@id("studio.paint") @reason("We paint.")
permit (principal == Desk::"studio", action == studio::Action::"do", resource == Operation::"paint");

@id("studio.alone") @reason("We paint alone.")
permit (principal == Desk::"studio", action == studio::Action::"unattended", resource);
"""

STAFF = """
time_zone = "Europe/Berlin"
[roles]
painter = "paints"
master = "knows"
[people.kim]
name = "Kim"
roles = ["painter"]
"""


def office(folder: Path, cedar: str = PAINT, staff: str = STAFF, facts: str = FACTS, tests: str = "") -> Path:
    """Write an office with one policy file; returns its folder."""
    (folder / "policies" / "tests").mkdir(parents=True, exist_ok=True)
    (folder / "policies" / "studio.cedar").write_text(cedar)
    (folder / "policies" / "facts.toml").write_text(facts)
    (folder / "staff.toml").write_text(staff)
    if tests:
        (folder / "policies" / "tests" / "studio.toml").write_text(tests)
    return folder

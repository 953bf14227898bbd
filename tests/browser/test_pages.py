"""Every page as people see it: drawn, within the edges, and readable by everybody."""

import pytest

from console.places import PLACES
from tests.browser.screen import Light, Person, fits, picture


@pytest.fixture(scope="module")
def paths(ben: Person) -> dict[str, str]:
    """Every page by its name: the places, a request, a case, and the cases behind a number."""
    page = ben.at("desk")
    found = {place.name.lower(): place.path for place in PLACES}
    for name, path, line in (
        ("request", "/inbox", "[data-line]"),
        ("case", "/cases?status=settled", "[data-line]"),
        ("behind", "/board", ".numbers .value a"),
    ):
        page.goto(ben.url + path)
        href = page.locator(line).first.get_attribute("href")
        assert href is not None
        found[name] = href
    page.context.close()
    return found


@pytest.mark.parametrize(("device", "light"), [("desk", "light"), ("phone", "dark")])
def test_every_page_fits_its_screen_and_its_console_stays_empty(
    ben: Person, paths: dict[str, str], device: str, light: Light
) -> None:
    page = ben.at(device, light)  # type: ignore[arg-type] # one of the two it takes
    over = []
    for name, path in paths.items():
        page.goto(ben.url + path)
        if not fits(page):
            over.append(name)
        picture(page, f"{name}-{device}-{light}")
    page.context.close()
    assert over == [], "these have to be scrolled sideways"
    assert ben.heard == []


@pytest.mark.parametrize("device", ["desk", "phone"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_nobody_is_kept_out_by_how_a_page_is_made(
    ben: Person, paths: dict[str, str], device: str, light: Light
) -> None:
    assert ben.check(device, light, paths) == []  # type: ignore[arg-type] # one of the two it takes

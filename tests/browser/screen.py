"""A person before a screen: what they see is held against what no page of ours may do."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.conftest import ROOT

PICTURES = Path(os.environ.get("KONTOR_PICTURES", str(ROOT / ".pictures")))
"""Where every page is drawn to."""
PATIENCE_MS = 60_000
Light = Literal["light", "dark"]
DESK: dict[str, Any] = {"viewport": {"width": 1360, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""Of a page that says no, Chromium notes that it said no; that is no fault of the page."""


@dataclass
class Person:
    """Somebody who is in.

    Attributes:
        heard: what browser consoles said meanwhile: nothing, if all is well.
    """

    browser: Browser
    url: str
    state: Any
    heard: list[str] = field(default_factory=list)
    opened: dict[str, Page] = field(default_factory=dict)

    @classmethod
    def invited(cls, browser: Browser, url: str, link: str) -> "Person":
        """Come in by a link."""
        context = browser.new_context(**DESK)
        page = context.new_page()
        page.goto(link)
        page.get_by_role("button").first.click()
        expect(page.get_by_role("navigation", name="Places")).to_be_visible(timeout=PATIENCE_MS)
        person = cls(browser, url, context.storage_state())
        context.close()
        return person

    def at(self, device: Literal["desk", "phone"], light: Light = "light", path: str = "/inbox") -> Page:
        """Return a screen with a page on it, that was not open before."""
        page = self._context(device, light).new_page()
        listen(page, self.heard)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(self.url + path)
        return page

    def check(self, device: Literal["desk", "phone"], light: Light, paths: dict[str, str]) -> list[str]:
        """Open pages with axe-core, which our strict policy would keep out; returns what it objects to."""
        context = self._context(device, light, bypass_csp=True)
        page = context.new_page()
        page.add_init_script(path=AXE_FILE_PATH)
        found = []
        for name, path in paths.items():
            page.goto(self.url + path)
            for each in page.evaluate("axe.run().then((found) => found.violations)"):
                nodes = "; ".join(node["html"][:160] for node in each["nodes"][:3])
                found.append(f"{name} {device} {light}: {each['id']}, {each['help']}: {nodes}")
        context.close()
        return found

    def _context(self, device: str, light: Light, **more: Any) -> BrowserContext:
        kind = PHONE if device == "phone" else DESK
        return self.browser.new_context(**kind, color_scheme=light, storage_state=self.state, **more)


def authenticator(page: Page) -> None:
    """Give a screen a device that makes passkeys, and whose person touches it at once."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def listen(page: Page, heard: list[str]) -> None:
    """Keep what a page's console says: errors, and every report of the content policy."""
    page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))

    def keep(kind: str, words: str) -> None:
        if kind in ("error", "warning") and not REFUSED.match(words):
            heard.append(f"{page.url}: {words}")

    page.on("console", lambda message: keep(message.type, message.text))


def picture(page: Page, name: str) -> None:
    """Draw what is on the screen into the folder of pictures."""
    page.screenshot(path=PICTURES / f"{name}.png")


def fits(page: Page) -> bool:
    """Say whether nothing stands over the edge, so that nobody has to scroll sideways."""
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return bool(wide[0] <= wide[1])


def lines(page: Page) -> Locator:
    """Return the lines of the queue."""
    return page.locator(".queue [data-line]")

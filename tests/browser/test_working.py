"""The console in a real browser, over a real demo: coming in, answering at a desk and on a phone."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.running_demo import RunningDemo
from tests.browser.screen import DESK, PATIENCE_MS, Person, authenticator, fits, lines, listen, picture


def test_somebody_invited_adds_a_passkey_and_comes_back_with_nothing_else(
    browser: Browser, demo: RunningDemo
) -> None:
    heard: list[str] = []
    context = browser.new_context(**DESK)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    listen(page, heard)
    authenticator(page)

    page.goto(demo.invite("dana"))
    picture(page, "invitation-desk-light")
    page.get_by_role("button").first.click()
    page.goto(f"{demo.url}/me")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your passkeys")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{demo.url}/inbox")
    expect(page).to_have_url(re.compile(r"/enter"))
    picture(page, "entrance-desk-light")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile(r"/inbox"), timeout=PATIENCE_MS)
    expect(page.get_by_role("navigation", name="Places")).to_contain_text("Dana")
    assert heard == []
    context.close()


def test_a_yes_by_key_at_the_desk_leaves_the_phone_without_a_reload(ben: Person) -> None:
    desk, phone = ben.at("desk"), ben.at("phone", "dark")
    line = _line(desk)
    path = line.get_attribute("href")
    assert path is not None
    on_phone = phone.locator(f'.queue [data-line][href="{path}"]')
    expect(on_phone).to_have_count(1)
    _mark(phone)

    line.focus()
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(re.compile(re.escape(path)))
    desk.keyboard.press("a")
    expect(desk.get_by_role("status")).to_be_visible(timeout=PATIENCE_MS)
    expect(desk).not_to_have_url(re.compile(re.escape(f"{path}?")))
    expect(on_phone).to_have_count(0, timeout=PATIENCE_MS)
    assert _is_marked(phone), "the phone's page was loaded anew"
    picture(desk, "answered-desk-light")
    desk.context.close()
    phone.context.close()


def test_a_thumb_on_a_phone_says_yes_and_the_desk_hears_of_it(ben: Person) -> None:
    desk, phone = ben.at("desk"), ben.at("phone", "dark")
    line = _line(phone)
    path = line.get_attribute("href")
    at_desk = desk.locator(f'.queue [data-line][href="{path}"]')
    _mark(desk)

    line.tap()
    yes = phone.locator(".answer button[value=approve]")
    expect(yes).to_be_in_viewport()
    assert fits(phone)
    box = yes.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "a thumb needs room"
    yes.tap()
    expect(phone.get_by_role("status")).to_be_visible(timeout=PATIENCE_MS)
    expect(at_desk).to_have_count(0, timeout=PATIENCE_MS)
    assert _is_marked(desk), "the desk's page was loaded anew"
    desk.context.close()
    phone.context.close()


def test_a_person_answers_the_machines_question_and_the_case_goes_on(ben: Person) -> None:
    desk = ben.at("desk")
    line = lines(desk).filter(has_text="What does the customer want?").first
    line.click()
    meant = desk.get_by_role("region", name="What is meant")
    picture(desk, "question-desk-light")
    case = desk.get_by_role("link", name="the whole case").get_attribute("href")
    assert case is not None
    meant.get_by_role("radio", name="know where the order is").check()
    meant.get_by_role("button", name="Go on like this").click()
    expect(desk.get_by_role("status")).to_contain_text("What does the customer want?", timeout=PATIENCE_MS)

    desk.goto(f"{ben.url}{case}")
    expect(desk.locator(".mark").first).to_have_text("settled", timeout=PATIENCE_MS)
    desk.context.close()


def test_a_case_is_undone_from_its_page(ben: Person) -> None:
    desk = ben.at("desk", path="/cases?status=settled")
    paths = [each.get_attribute("href") for each in desk.locator("[data-line]").all()]
    for path in paths:
        desk.goto(f"{ben.url}{path}")
        undo = desk.locator("#undo")
        # Money may need a second person: this is one that nothing is paid back for.
        if undo.count() and not undo.get_by_text("EUR").count():
            break
    else:
        raise AssertionError("no settled case of the morning can be undone without money")
    picture(desk, "undo-desk-light")
    undo.get_by_label("Why").fill("sent to the wrong customer")
    undo.get_by_role("button", name="Undo it").click()
    expect(desk.get_by_text("done and taken back").first).to_be_visible(timeout=PATIENCE_MS)
    desk.context.close()


def _line(page: Page) -> Locator:
    """Return the newest line of the queue; a yes to it also says that somebody handled it by hand."""
    return lines(page).last


def _mark(page: Page) -> None:
    """Leave something in the page that a reload would lose."""
    page.evaluate("() => { window.keptByTheTest = true; }")


def _is_marked(page: Page) -> bool:
    return bool(page.evaluate("() => window.keptByTheTest === true"))

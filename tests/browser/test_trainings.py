"""A seat in a real browser, at 360 px: taken, seen and given up in each language, with and without a script."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phone import Visitor, sound, too_wide


def take(page: Page, language: str, button: int = 0) -> str:
    """Two taps from the list; the code of the ticket."""
    page.goto(f"/{language}/days")
    page.locator("main li h2 a").nth(button).click()
    page.locator("main button[value=take]").click()
    expect(page.locator(".ticket h1")).to_be_visible()
    if not page.locator(".code").is_visible():
        page.locator("details.card summary").first.click()
    secret = page.locator(".code").inner_text()
    assert secret.replace(" ", "") not in page.url
    return secret


@pytest.mark.parametrize(("language", "script"), [("ru", True), ("kk", False), ("en", False)])
def test_she_takes_a_seat_sees_it_and_gives_it_up(visitor: Visitor, language: str, script: bool) -> None:
    page = visitor(language=language, script=script)
    secret = take(page, language)
    assert too_wide(page) <= 0
    if script:
        sound(page)
    page.goto(f"/{language}/mine")
    page.fill("#code", secret.lower())
    page.locator("main .btn.main").click()
    expect(page.locator(".ticket h2")).to_have_text(re.compile(r"^\S+ \d+$"))
    assert too_wide(page) <= 0
    page.locator("details.card summary").first.click()
    if script:
        sound(page)
    page.locator("button[value=leave]").click()
    expect(page.locator(".ticket")).to_have_count(0)

"""A form of the staff, half written: Esc, a quarter of an hour, a line that is cut; what is typed is still there."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Hands
from tests.desk.conftest import PASSWORD, PIN, Desk, cheap_argon2, furnish
from tests.safety.texts import a_page_of_guidance

__all__ = ["cheap_argon2"]

TYPED = "Бүгін кешке принтер қағазын алу керек"


@pytest.fixture
def desk(app: Flask, hands: Hands) -> Desk:
    return furnish(app)


@pytest.fixture
def page(desk: Desk, serve: Callable[[Flask], str], browser: Browser) -> Iterator[Page]:
    """The coordinator's browser."""
    context = browser.new_context(base_url=serve(desk.app), viewport={"width": 1024, "height": 768})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/kk/staff/sign-in")
    page.fill("#login", "chief")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("#lock")
    yield page
    context.close()


def half_written(page: Page, desk: Desk, where: str) -> str:
    """Open a form and type into it; the selector of its field."""
    if where == "note":
        page.goto(f"/kk{desk.url()}")
        field = "#shift-text"
        summary = page.locator("details:has(#shift-text) > summary")
        if not page.locator(field).is_visible():
            summary.click()
    elif where == "place":
        page.goto("/kk/staff/places/new")
        field = "#name_kk"
    else:
        page.goto(f"/kk/staff/pages/{a_page_of_guidance()}/kk")
        field = "textarea"
    page.locator(field).first.fill(TYPED)
    return field


def open_with_pin(page: Page) -> None:
    page.wait_for_selector("#pin")
    page.fill("#pin", PIN)
    page.press("#pin", "Enter")


@pytest.mark.parametrize("where", ["note", "place", "text"])
def test_esc_covers_what_is_typed_and_the_pin_brings_it_back(desk: Desk, page: Page, where: str) -> None:
    field = half_written(page, desk, where)
    page.keyboard.press("Escape")
    page.wait_for_selector("#pin")
    assert TYPED not in page.evaluate("document.documentElement.innerHTML")
    assert page.title().strip() == ""
    open_with_pin(page)
    expect(page.locator(field).first).to_have_value(TYPED)
    page.locator(field).first.press("End")
    page.keyboard.type("!")
    page.locator(f"form:has({field}) button:visible").last.click()
    page.wait_for_function("text => document.documentElement.innerHTML.includes(text)", arg=TYPED)


def test_a_covered_screen_with_something_typed_is_covered_for_the_server_too(desk: Desk, page: Page) -> None:
    half_written(page, desk, "place")
    with page.expect_response(re.compile("/staff/lock")):
        page.keyboard.press("Escape")
    other = page.context.new_page()
    other.goto("/kk/staff/places")
    expect(other.locator("#pin")).to_be_visible()
    page.fill("#pin", "0000")
    page.press("#pin", "Enter")
    expect(page.locator("[data-refused]")).to_be_visible()
    assert TYPED not in page.content()


def test_who_types_for_a_quarter_of_an_hour_is_not_covered(desk: Desk, hands: Hands, page: Page) -> None:
    field = half_written(page, desk, "place")
    for _ in range(3):
        hands.shift(timedelta(minutes=6))
        with page.expect_response(re.compile("/staff/here"), timeout=15_000):
            page.keyboard.type("a")
    expect(page.locator(field).first).to_have_value(TYPED + "aaa")
    page.locator("main button.main").first.click()
    expect(page.locator("[data-errors]")).to_be_focused()


def test_what_is_sent_from_a_page_left_too_long_comes_back_after_the_pin(desk: Desk, hands: Hands, page: Page) -> None:
    field = half_written(page, desk, "text")
    hands.shift(timedelta(minutes=15))
    page.locator(f"form:has({field}) button:visible").last.click()
    open_with_pin(page)
    expect(page.locator(field).first).to_have_value(TYPED)


def test_without_a_line_a_form_stays_says_not_sent_and_can_be_sent_later(desk: Desk, page: Page) -> None:
    field = half_written(page, desk, "place")
    page.context.set_offline(True)
    expect(page.locator("#cut")).to_be_in_viewport(ratio=1)
    page.locator(field).first.press("Enter")
    expect(page.locator(field).first).to_have_value(TYPED)
    page.locator(".menu a").first.click()
    expect(page.locator(field).first).to_have_value(TYPED)
    page.keyboard.press("Escape")
    page.wait_for_selector("#pin")
    page.context.set_offline(False)
    expect(page.locator("[data-refused]")).to_be_hidden(timeout=15_000)
    open_with_pin(page)
    expect(page.locator(field).first).to_have_value(TYPED)
    page.locator(field).first.press("Enter")
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.locator(field).first).to_have_value(TYPED)


def test_a_server_that_does_not_answer_is_said_at_the_form(desk: Desk, page: Page) -> None:
    field = half_written(page, desk, "place")
    page.route("**/staff/**", lambda route: route.abort())
    page.locator(field).first.press("Enter")
    expect(page.locator(".unsent")).to_be_visible()
    expect(page.locator(field).first).to_have_value(TYPED)


def test_a_lost_line_is_seen_at_once_and_what_was_pressed_is_said_to_be_unsent(desk: Desk, page: Page) -> None:
    ticket = desk.woman(20)
    for minutes in range(40, 400, 20):
        desk.woman(minutes)
    page.goto(f"/kk{desk.url()}")
    step = page.locator(f'#grid .ap[data-ticket="{ticket}"] button').first
    page.route("**/step", lambda route: route.abort())
    page.route("**/board*", lambda route: route.abort())
    step.click()
    expect(page.locator("#cut")).to_be_in_viewport(ratio=1)
    expect(page.locator("#said")).to_contain_text(str(ticket))
    expect(step).to_be_disabled()
    expect(page.locator("#walk-button")).to_be_disabled()
    expect(page.locator("#find-form button")).to_be_disabled()
    page.unroute("**/step")
    page.unroute("**/board*")
    expect(page.locator("#cut")).to_be_hidden()
    expect(step).to_be_enabled()
    expect(page.locator("#said")).to_contain_text(str(ticket))
    step.click()
    expect(page.locator(f'#grid .ap[data-ticket="{ticket}"]')).to_have_class(re.compile("came"))

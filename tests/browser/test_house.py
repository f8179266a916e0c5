"""A coordinator's day at 768 and at 1280 px: hours, a closure, a new place, its link, a stop, the opening after it."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clinic.db import Text3, writing
from clinic.directory import catalogue
from clinic.directory.models import PlaceName
from tests.browser.conftest import Hands
from tests.browser.phone import sound, too_wide
from tests.desk.conftest import PASSWORD, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2"]


@pytest.fixture
def desk(app: Flask, hands: Hands) -> Desk:
    desk = furnish(app)
    with writing() as s:
        s.add(
            PlaceName(
                key="almaty", kind="city", name=Text3("Алматы", "Алматы", "Almaty"), lat=43.24, lng=76.93, weight=9
            )
        )
        catalogue.changed(s)
    return desk


@pytest.fixture
def enter(desk: Desk, serve: Callable[[Flask], str], browser: Browser) -> Iterator[Callable[..., Page]]:
    """A browser of so many pixels, in which somebody has signed in (or nobody)."""
    base, contexts = serve(desk.app), list[BrowserContext]()

    def start(width: int, login: str = "", language: str = "ru") -> Page:
        context = browser.new_context(base_url=base, viewport={"width": width, "height": 900})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        if login:
            page.goto(f"/{language}/staff/sign-in")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_selector("#lock")
        return page

    yield start
    for context in contexts:
        context.close()


def save(page: Page) -> None:
    page.locator("main button.main").first.click()


def fits(page: Page) -> None:
    """Nothing has to be scrolled sideways; axe reads the same pages at the other width."""
    assert too_wide(page) <= 0, f"{page.url} is {too_wide(page)} px too wide"


@pytest.mark.parametrize(("width", "language"), [(768, "kk"), (1280, "ru")])
def test_a_coordinators_day(desk: Desk, enter: Callable[..., Page], width: int, language: str) -> None:
    woman = desk.booked(20)
    look = sound if width > 1000 else fits
    page = enter(width, "chief", language)
    url = f"/{language}/staff"

    # hours: a week, copied, looked at, saved
    page.goto(f"{url}/hours")
    look(page)
    page.locator(f'a[href$="/hours/{desk.slug}"]').click()
    for name, value in {"Mo0a": "9", "Mo0b": "13.00", "Mo1a": "14", "Mo1b": "2"}.items():
        page.fill(f"[name={name}]", value)
    page.locator("button[value=copy]").click()
    expect(page.locator("[name=Fr1b]")).to_have_value("2")
    look(page)
    page.fill("[name=Sa0a]", "x")
    save(page)
    expect(page.locator("[data-errors]")).to_be_focused()
    look(page)
    page.fill("[name=Sa0a]", "")
    page.fill("[name=Sa0b]", "")
    page.fill("[name=Mo0b]", "12:00")
    page.press("[name=Mo0b]", "Enter")
    expect(page.locator("table")).to_contain_text("14:00–02:00")
    look(page)
    with page.expect_navigation():  # the line is asked first, then the form goes
        save(page)
    expect(page.locator("h1")).to_have_count(1)

    # a closure over the visit of this evening: moved, and not told
    page.goto(f"{url}/closures/{desk.slug}")
    page.fill("[name=day]", "2026-11-24")
    page.fill("[name=hour]", "19:50")
    page.fill("[name=last_hour]", "21:00")
    look(page)
    save(page)
    expect(page.locator("fieldset.card")).to_have_count(1)
    look(page)
    page.locator("fieldset.card input[type=radio]").first.check()  # nobody can tell her: a person decides
    save(page)
    expect(page.locator("table tbody tr")).to_have_count(1)
    look(page)
    page.locator("main a.btn").last.click()
    expect(page.locator("section.card .nm")).to_have_text(re.compile(rf"^{woman.appointment.ticket}$"))

    # a new place, from nothing to its steps; then a link for it
    page.goto(f"{url}/places/new")
    save(page)
    expect(page.locator("[data-errors]")).to_be_focused()
    look(page)
    page.fill("#name_ru", "Жарык")
    page.fill("#city", "алматы")
    page.check("[name=service]")
    save(page)
    expect(page.locator("h1")).to_have_text("Жарык")
    look(page)
    page.locator('a[href$="/room"]').click()
    page.fill("#name_ru", "Кабинет 1")
    look(page)
    save(page)
    page.locator("details:has(button[value=link]) summary").click()
    page.locator("button[value=link]").click()
    link = page.locator("#link").input_value()
    page.goto(f"{url}/places")
    look(page)
    page.goto(f"{url}/ready")
    look(page)
    they = enter(360)
    they.goto(link[link.index("/", 8) :])
    look(they)
    they.check("[name=all_right][value='1']")
    save(they)
    expect(they.locator("h1")).to_have_count(1)
    page.goto(f"{url}/places")
    expect(page.locator(".fine")).to_have_count(1)

    # stop tonight: two taps from the roster of the desk, and only the coordinator opens again
    clerk = enter(width, "gulnar", language)
    clerk.locator("a.halt").click()
    look(clerk)
    clerk.locator("button[value=stop]").click()
    expect(clerk.locator("#password")).to_be_visible()
    they.goto(f"/ru/at/{desk.slug}")
    expect(they.locator("a[href$='/book']")).to_have_count(0)
    page.goto(f"{url}/stop/{desk.slug}")
    look(page)
    page.locator("button[value=reopen]").click()
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("button.bad")).to_have_count(0)
    fits(page)

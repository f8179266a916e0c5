"""Waiting for a time in a real browser, at 360 px, with and without a script; the coordinator's figures."""

import re
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from clinic import create_app
from clinic.booking import availability, book, seeding
from clinic.booking.models import Appointment
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.staff import accounts
from tests import city
from tests.browser.phone import Visitor, free_port, serving, sound, too_wide
from tests.conftest import EVENING
from tests.desk.conftest import PASSWORD, PIN


def wait(page: Page, language: str, script: bool) -> str:
    """Stand in line with the page as it comes; her code."""
    page.goto(f"/{language}/wait?near=Almaty")
    assert too_wide(page) <= 0
    if script:
        for summary in page.locator("details summary").all():
            summary.click()
        sound(page)
    page.locator("button[value=wait]").click()
    expect(page.locator(".code")).to_be_visible()
    secret = page.locator(".code").inner_text()
    assert secret.replace(" ", "") not in page.url
    return secret


@pytest.mark.parametrize(("language", "script"), [("kk", True), ("ru", False)])
def test_she_waits_sees_what_is_free_and_books_it_with_one_tap(visitor: Visitor, language: str, script: bool) -> None:
    page = visitor(language=language, script=script)
    secret = wait(page, language, script)
    if script:
        sound(page)
    page.locator("main form .btn.main").click()
    expect(page.locator("button.go.main")).to_be_visible()
    assert too_wide(page) <= 0
    if script:
        sound(page)
    page.locator("button.go.main").click()
    expect(page.locator(".ticket h1")).to_have_text(re.compile(r"^\S+ \d+$"))
    page.goto(f"/{language}/mine")
    page.fill("#code", secret.lower())
    page.locator("main .btn.main").click()
    expect(page.locator(".ticket h2")).to_be_visible()
    expect(page.locator("button[value=end]")).to_have_count(0)


def a_visit_that_is_done(place: catalogue.LocationInfo) -> str:
    """The code of a woman whose visit is over."""
    with writing() as s:
        cat = catalogue.current(s)
        services = availability.usual(cat, place)
        slot = availability.next_slots(s, cat, [place], services, EVENING, 1, EVENING)[place.id][0]
        request = book.Request(place, services, slot.start, "ru", "plain", None, None, False, None)
        done = book.confirm(s, cat, request, EVENING)
        s.execute(update(Appointment).where(Appointment.rid == done.appointment.rid).values(status="done"))
    return done.code or ""


def test_how_it_was_and_the_coordinators_figures_are_sound(browser: Browser, town: Path, tmp_path: Path) -> None:
    city.copy(town, tmp_path / "city")
    with time_machine.travel(EVENING, tick=False):
        app = create_app(city.environment(tmp_path / "city"))
        with app.app_context():
            with writing() as s:
                seeding.load_demo(s, EVENING)
                chief = accounts.add(s, "chief", "Chief", "ru", PASSWORD, PIN)
                cat = catalogue.current(s)
                place = next(p for p in cat.locations.values() if p.bookable and p.example)
                accounts.give_role(s, chief, "coordinator", place.organization_id, None)
            secret = a_visit_that_is_done(place)
            db.engine.dispose()
    port = free_port()
    with serving(tmp_path / "city", port, "plain"):
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}", viewport={"width": 768, "height": 900})
        page = context.new_page()
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto("/kk/mine")
        page.fill("#code", secret)
        page.locator("main .btn.main").click()
        page.locator("details.card summary").first.click()
        assert too_wide(page) <= 0
        sound(page)
        for answer in ("respected", "private", "again"):
            page.locator(f"label:has(input[name={answer}]) >> nth=0").click()
        page.locator("button[value=felt]").click()
        expect(page.locator("input[name=felt]")).to_have_count(0)
        page.goto("/ru/staff/sign-in")
        page.fill("#login", "chief")
        page.fill("#password", PASSWORD)
        page.locator("main button").first.click()
        for address, width in (("/ru/staff/insight", 360), ("/kk/staff/insight", 1280), ("/ru/staff/lines", 360)):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(address)
            expect(page.locator("h1")).to_have_count(1)
            assert too_wide(page) <= 0
            sound(page)
        context.close()

"""Every public page in a real browser: pages come from the URL map, one that nobody opens here fails."""

from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, expect

from clinic import create_app
from clinic.db import db
from clinic.directory import catalogue
from tests import city
from tests.browser.phone import Visitor, sound, too_wide
from tests.browser.test_she_books import book, open_, to_confirm
from tests.conftest import EVENING

OTHERS = ("/staff", "/api", "/hooks", "/dev", "/static", "/metrics")  # opened by the tests of their rooms
FILES = {"site.robots", "site.sitemap", "site.security", "site.healthy", "site.ready", "site.working",
         "site.manifest", "site.service_worker", "touch_icon", "site.out"}  # fmt: skip
PAGES = {
    "site.home": "/",
    "site.help": "/p/1",
    "pages.rights": "/p/2",
    "pages.phone": "/p/3",
    "pages.cleared": "/p/3/clear",
    "pages.show": "/p/10",
    "pages.show_other": "/p/16/uz",
    "pages.find": "/p/find",
    "site.keep": "/what-we-keep",
    "site.offline": "/offline",
    "site.problem": "/problems/slot_taken",
    "booking.near": "/near?near=Almaty&after=18:00",
    "booking.place": "/at/{place}",
    "booking.book_visit": "/at/{place}/book?service={service}&start=2026-11-25T15:00",
    "booking.wait": "/wait?near=Almaty",
    "site.mine": "/mine",
    "site.result": "/p/4",
    "alerts.now": "/now",
    "alerts.on": "/now/on",
    "site.entry": "/entry/a-link-that-is-over",
    "alerts.watch": "/watch",
    "kits.order": "/order",
    "kits.points": "/order/points?kit=1&q=1&near=Almaty",
    "kits.tests": "/order/how",
    "kits.how": "/order/how/1",
    "register.asked": "/what-we-keep/asked",
    "trainings.days": "/days",
    "trainings.day": "/days/1",
    "note.note": "/note",
}
MORE = ("/p/6", "/p/7", "/near", "/near?near=zzqqxx", "/near?service=10",
        "/near?near=Almaty&day=2026-02-31", "/nowhere", "/at/{phone}",
        "/at/{district}", "/near?near=Aktau&open_now=1")  # fmt: skip


@pytest.fixture(scope="session")
def known(town: Path) -> dict[str, object]:
    """Endpoints of public pages, and slugs to open them with."""
    with time_machine.travel(EVENING, tick=False):  # a later day would destroy the keys of the site's own day
        app = create_app(city.environment(town))
    endpoints = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(OTHERS)
    }
    with app.app_context():
        cat = catalogue.current(db.session())
        places = list(cat.locations.values())
        room = next(p for p in places if p.bookable and p.visibility == "open" and p.rooms)
        service = min(cat.services[i].number for i in room.rooms[0].services)
        return {
            "endpoints": endpoints,
            "place": room.slug,
            "service": service,
            "phone": next(p.slug for p in places if not p.bookable),
            "district": next(p.slug for p in places if p.visibility == "district" and p.bookable),
        }


def test_no_page_of_the_map_is_left_out(known: dict[str, object]) -> None:
    assert known["endpoints"] == set(PAGES) | FILES


@pytest.mark.parametrize(("n", "page"), list(enumerate([*PAGES.values(), *MORE])))
def test_axe_finds_nothing(visitor: Visitor, known: dict[str, object], n: int, page: str) -> None:
    language = ("ru", "kk", "en")[n % 3]
    tab = visitor(language=language)
    tab.goto(f"/{language}{page.format_map(known)}")
    expect(tab.locator("h1")).to_have_count(1)
    sound(tab)


def test_no_page_has_to_be_scrolled_sideways_in_any_language(visitor: Visitor, known: dict[str, object]) -> None:
    tab = visitor()
    tab.set_viewport_size({"width": 320, "height": 640})
    for page in (*PAGES.values(), *MORE):
        for language in ("kk", "ru", "en"):
            tab.goto(f"/{language}{page.format_map(known)}")
            assert too_wide(tab) <= 0, f"{tab.url} is {too_wide(tab)} px too wide"


def test_axe_finds_nothing_on_what_only_a_form_opens(visitor: Visitor) -> None:
    page = visitor(language="kk")
    to_confirm(page, "kk")
    for summary in page.locator("details summary").all():
        summary.click()
    sound(page)
    page.go_back()
    secret = book(page, "kk")
    sound(page)
    open_(page, "kk", secret)
    for summary in page.locator("details summary").all():
        summary.click()
    sound(page)
    page.locator("button[value=times]").click()
    sound(page)
    open_(page, "kk", secret)
    page.locator("details.card summary").last.click()
    page.locator("button[value=forget]").click()
    sound(page)
    page.goto("/kk/mine")
    page.fill("#code", secret)
    page.locator("main .btn.main").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    sound(page)


def test_axe_finds_nothing_when_the_time_is_gone(visitor: Visitor) -> None:
    second = visitor()
    to_confirm(second, "ru")
    what = second.locator("dl.facts").inner_text()
    for _ in range(10):  # others fill all rooms of this place at this time
        other = visitor()
        to_confirm(other, "ru")
        if other.locator("dl.facts").inner_text() != what:
            break
        other.locator("main button.main.full").first.click()
        if other.locator("[data-errors]").count():
            break
    second.locator("main button.main.full").first.click()
    expect(second.locator("[data-errors]")).to_be_focused()
    assert second.locator("button.go").count() == 3
    sound(second)
    second.locator("button.go.main").click()
    expect(second.locator(".ticket h1")).to_be_visible()


def test_the_help_page_opens_without_a_connection_once_it_was_seen(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="ru-RU")
    page = context.new_page()
    page.goto("/ru/p/1")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    context.set_offline(True)
    page.goto("/ru/p/1")
    expect(page.locator("h1")).to_contain_text("Номера помощи")
    page.goto("/ru/now")
    expect(page.locator("h1")).to_contain_text("Номера помощи")
    page.goto("/ru/near?near=Алматы")
    expect(page.locator("h1")).to_contain_text("Нет связи")
    context.close()

"""Help and rights where it is hard: inside other apps, without a connection, without script and style; the exit."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from clinic.db import writing
from clinic.safety import help_numbers
from clinic.safety.alerts import offering
from clinic.safety.pages import seeding
from tests.browser.phone import Visitor, sound
from tests.conftest import Maker
from tests.desk.conftest import PASSWORD, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2"]


def test_inside_another_app_everything_can_be_read_and_the_offer_to_keep_is_not_made(visitor: Visitor) -> None:
    """As the browsers inside messengers are: no service worker, no cache, no cookies, no downloads, no new windows."""
    tab = visitor(cookies=False)
    tab.add_init_script(
        "delete Navigator.prototype.serviceWorker; delete window.caches; window.open = () => null;"
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('refused'); } });"
    )
    tab.goto("/ru/p/2")
    tab.get_by_role("link", name="Нет документов").click()
    expect(tab.locator("h1")).to_have_text("Нет документов")
    expect(tab.locator(".say [lang=kk]")).to_be_visible()
    expect(tab.locator("[data-keep]")).to_have_count(0)
    tab.goto("/ru/p/2")
    tab.fill("#q", "вымагают деньги")
    tab.locator(".look .btn").click()
    assert tab.url.endswith("/ru/p/find")
    tab.get_by_role("link", name="Требуют деньги").click()
    expect(tab.locator("h1")).to_have_text("Требуют деньги")
    tab.goto("/ru/p/1")
    expect(tab.locator("a[href='tel:112']").first).to_be_visible()
    for _press in range(3):
        tab.keyboard.press("Escape")
    tab.wait_for_url("http://localhost:*/offline")


def test_esc_three_times_blanks_the_page_before_anything_is_loaded(visitor: Visitor) -> None:
    tab = visitor()
    tab.goto("/kk/p/10")
    tab.evaluate("sessionStorage.setItem('t1', '1')")
    tab.route("**/offline", lambda route: route.abort("aborted"))  # the other site is not reached
    tab.keyboard.press("Escape")
    tab.keyboard.press("a")
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    expect(tab.locator("h1")).to_have_count(1)  # not three in a row
    with tab.expect_request(re.compile("/kk/out$")) as told:
        tab.keyboard.press("Escape")
    assert told.value.method == "HEAD"
    assert tab.evaluate("document.body.textContent + document.title.trim()") == ""
    assert tab.evaluate("Object.keys(sessionStorage)") == ["left"]  # the mark that keeps Back away


def test_without_script_and_style_the_words_come_first_and_in_order(visitor: Visitor) -> None:
    tab = visitor(language="kk", script=False)
    tab.route("**/*.css*", lambda route: route.fulfill(body="", content_type="text/css"))
    tab.goto("/kk/p/7")
    said = tab.locator("main").inner_text()
    order = ["Зорлықтан кейін", "112", "72 сағат", "Көмектесетін орын", "Заңгер"]
    assert [said.index(words) for words in order] == sorted(said.index(words) for words in order)
    tab.get_by_role("link", name="Өте ауыр болғанда").click()
    assert tab.url.endswith("/kk/p/5")


def test_pages_are_kept_on_her_tap_renewed_when_opened_and_erased(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="ru-RU", viewport={"width": 360, "height": 740})
    tab = context.new_page()
    tab.goto("/ru/p/2")
    assert tab.evaluate("caches.keys()") == []
    tab.locator("[data-keep]").click()
    expect(tab.locator("[data-keep]")).to_have_attribute("aria-pressed", "true")
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tab.evaluate("caches.open('kept-p').then(c => c.put('/ru/p/11', new Response('old')))")
    tab.goto("/ru/p/11")
    tab.wait_for_function("caches.match('/ru/p/11').then(r => r.text()).then(t => t !== 'old')")
    context.set_offline(True)
    for number, heading in ((10, "Остановила полиция"), (11, "Требуют деньги"), (3, "Что остаётся в телефоне")):
        tab.goto(f"/ru/p/{number}")
        expect(tab.locator("h1")).to_have_text(heading)
    context.set_offline(False)
    tab.goto("/ru/p/3")
    tab.locator("summary").last.click()
    tab.locator("form button.full").click()
    expect(tab.locator("h1")).to_have_text("Убрано")
    tab.wait_for_function("caches.keys().then(found => found.length === 0)")
    assert context.cookies() == []
    context.close()


def test_the_home_screen_says_nothing(visitor: Visitor) -> None:
    tab = visitor()
    tab.goto("/ru/p/3")
    address = tab.locator("link[rel=manifest]").get_attribute("href")
    manifest = json.loads(tab.request.get(address or "").text())
    assert (manifest["name"], manifest["short_name"]) == ("Кешкі", "Кешкі")
    for icon in [*(icon["src"] for icon in manifest["icons"]), "/apple-touch-icon.png"]:
        assert tab.request.get(icon).status == 200


@pytest.fixture
def office(make_app: Maker, serve: Callable[[Flask], str], evening: object) -> tuple[str, Desk]:
    app = make_app()
    desk = furnish(app)
    with writing() as s:
        seeding.load(s, date(2026, 11, 24))
    return serve(app), desk


def test_without_a_connection_she_reads_the_numbers_that_she_saw_last_and_is_offered_nothing_that_needs_one(
    browser: Browser, office: tuple[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = help_numbers.read()
    monkeypatch.setattr(offering, "offer", lambda *_given: True)  # somebody is on duty
    context = browser.new_context(base_url=office[0], locale="ru-RU", viewport={"width": 360, "height": 740})
    tab = context.new_page()
    tab.goto("/ru/p/1")
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    expect(tab.get_by_role("link", name="Позвать того, кто дежурит")).to_be_visible()
    expect(tab.get_by_text("Связи нет")).to_have_count(0)
    corrected = [replace(line, number="1999") if line.number == "111" else line for line in first]
    monkeypatch.setattr(help_numbers, "read", lambda: tuple(corrected))
    tab.goto("/ru/p/1")
    expect(tab.locator("main a[href='tel:1999']").first).to_be_visible()
    tab.wait_for_function("caches.match('/ru/p/1').then(r => r.text()).then(t => t.includes('tel:1999'))")
    context.set_offline(True)
    for path in ("/ru/p/1", "/ru/now"):
        tab.goto(path)
        expect(tab.locator("main a[href='tel:1999']").first).to_be_visible()
        expect(tab.locator("main a[href='tel:111']")).to_have_count(0)
        expect(tab.get_by_text("Связи нет")).to_be_visible()
        expect(tab.get_by_role("link", name="Позвать того, кто дежурит")).to_have_count(0)
        expect(tab.locator("main form")).to_have_count(0)
    context.close()


def test_a_coordinator_checks_a_page_and_she_reads_it(
    browser: Browser, office: tuple[str, Desk], tmp_path: Path
) -> None:
    address, _desk = office
    context = browser.new_context(base_url=address, locale="ru-RU", viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.goto("/ru/p/10")
    expect(tab.locator("h1")).not_to_have_text("Остановила полиция")
    tab.goto("/ru/staff/sign-in")
    tab.fill("[name=login]", "chief")
    tab.fill("[name=password]", PASSWORD)
    tab.locator("main .btn.main").click()
    tab.goto("/ru/staff/pages")
    sound(tab)
    tab.get_by_role("link", name="10 ru: ○ не проверено").click()
    sound(tab)
    tab.fill("#summary", "На улице и у двери")
    tab.locator("button[value=preview]").click()
    expect(tab.locator("section .say")).to_be_visible()
    sound(tab)

    tab.fill("#checked_by", "Дана С., юрист")
    tab.fill("#checked_on", "2026-11-24")
    with tab.expect_navigation():
        tab.locator("button[value=check]").click()
    expect(tab.locator("main li").first).to_contain_text("✓ проверено: Дана С., юрист")
    sound(tab)
    tab.set_viewport_size({"width": 360, "height": 740})
    sound(tab)
    tab.goto("/ru/p/10")
    expect(tab.locator("main")).to_contain_text("Проверено: 24.11.2026, Дана С., юрист")
    context.close()

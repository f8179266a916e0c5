"""A test to take home in a real browser: in each language, with and without a script, without cookies, offline."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect

from clinic import create_app
from clinic.db import db, writing
from tests import city
from tests.browser.phone import Visitor, free_port, serving, sound, too_wide
from tests.conftest import EVENING
from tests.kits import supplies

CANCELLED = {"ru": "снова свободны", "kk": "тоқтатылды", "en": "Cancelled"}
PAGES = ("/order", "/order/points?kit=2&q=3&near=Almaty", "/order/points?kit=1&q=1&near=Aktau", "/order/how",
         "/order/how/1", "/order/how/2", "/p/4", "/order/points?kit=1&q=7&near=zzqq")  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and database of a city with kits."""
    folder = tmp_path_factory.mktemp("kit-town") / "city"
    folder.mkdir()
    city.build(folder)
    with time_machine.travel(EVENING, tick=False):
        app = create_app(city.environment(folder))
        with app.app_context():
            with writing() as s:
                supplies.build(s, on_hand=60)
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
    return folder


@pytest.fixture(scope="module")
def site(town: Path) -> Iterator[str]:
    """The address of the site on it."""
    port = free_port()
    with serving(town, port, "plain"):
        yield f"http://127.0.0.1:{port}"


def to_points(page: Page, language: str) -> None:
    """Two taps, nothing typed: home, then the city."""
    page.goto(f"/{language}/")
    page.locator("main a[href$='/order']").click()
    page.locator("button.chip[name=near]").first.click()
    expect(page.locator("section.card h2").first).to_be_visible()


def order(page: Page, language: str) -> str:
    """Three taps; the code of the ticket."""
    to_points(page, language)
    page.locator("form button.main.full").first.click()
    expect(page.locator(".ticket h1")).to_be_visible()
    page.locator("details.card summary").first.click()
    secret = page.locator(".code").inner_text()
    assert secret.replace(" ", "") not in unquote(page.url)
    return secret


def open_(page: Page, language: str, secret: str) -> None:
    page.goto(f"/{language}/mine")
    page.fill("#code", secret.lower())
    page.locator("main .btn.main").click()
    expect(page.locator(".ticket h2")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_she_orders_moves_and_cancels(visitor: Visitor, language: str, script: bool) -> None:
    page = visitor(language=language, script=script)
    secret = order(page, language)
    open_(page, language, secret)
    before = page.locator("dl.facts dd").first.inner_text()
    page.locator("button[value=points]").click()
    page.locator(".pick input").nth(1).check()
    page.locator("button[value=move]").click()
    expect(page.locator(".notice.good")).to_be_visible()
    assert page.locator("dl.facts dd").first.inner_text() != before
    page.locator("details.card summary").first.click()
    page.locator("button[value=cancel]").click()
    expect(page.locator("main")).to_contain_text(CANCELLED[language])


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_she_orders_with_cookies_refused(visitor: Visitor, script: bool) -> None:
    page = visitor(script=script, cookies=False)
    order(page, "ru")
    assert page.context.cookies() == []


def test_she_types_a_place_and_an_evening_and_orders_at_another_point(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/ru/order")
    page.locator(".pick").nth(1).click()
    page.locator(".times label").nth(1).click()
    page.fill("#near", "метро Абай")
    page.locator("details.card summary").click()
    page.select_option("#after", "20:00")
    page.locator("form button.main.full").click()
    expect(page.locator("main")).to_contain_text("Капля из пальца, 2 теста")
    page.locator("details.card summary").first.click()
    page.locator(".pick").nth(1).click()
    page.locator("details[open] button.main").click()
    expect(page.locator(".ticket h1")).to_be_visible()


def test_she_orders_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor(language="en")
    page.goto("/en/order")
    page.focus("#near")
    page.keyboard.type("Almaty")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Collect it here")
    page.locator("form button.main.full").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ticket h1")).to_be_visible()


def test_a_wrong_number_takes_the_focus_and_the_rest_stays(visitor: Visitor) -> None:
    page = visitor()
    to_points(page, "ru")
    page.locator("details.card summary").nth(1).click()
    page.fill("#phone", "8 701 555 01 4")
    page.locator("form[novalidate] button.main").click()
    expect(page.locator("[data-errors]").first).to_be_focused()
    assert page.input_value("#phone") == "8 701 555 01 4"
    sound(page)


def test_the_clock_counts_survives_a_reload_and_says_when_it_is_over(visitor: Visitor) -> None:
    page = visitor()
    page.clock.install()
    page.goto("/ru/order/how/1")
    expect(page.locator("[data-left]")).to_be_hidden()
    page.locator("#timer button").click()
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^(20:00|19:5\d)$"))
    assert "/order/how/1" in page.url
    assert "at=" not in page.url  # nothing was sent
    page.clock.fast_forward("05:00")
    page.reload()
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^(15:00|14:[45]\d)$"))
    expect(page.locator("[data-said]")).to_contain_text("Подождите. Смотрите с")
    page.clock.fast_forward("15:30")
    expect(page.locator("[data-said]")).to_contain_text("Смотрите сейчас")
    page.clock.fast_forward("20:30")
    expect(page.locator("[data-said]")).to_contain_text("Время вышло")
    expect(page.locator("[data-left]")).to_be_hidden()
    page.locator("#timer button").click()
    expect(page.locator("[data-said]")).to_contain_text("Подождите")
    assert page.evaluate("localStorage.length") == 0


def test_the_clock_of_one_kit_is_not_that_of_the_other(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/ru/order/how/1")
    page.locator("#timer button").click()
    page.goto("/ru/order/how/2")
    expect(page.locator("[data-left]")).to_be_hidden()


def test_without_a_script_the_page_says_the_hours_and_a_reload_keeps_them(visitor: Visitor) -> None:
    page = visitor(language="kk", script=False)
    page.goto("/kk/order/how/2")
    page.locator("#timer button").click()
    expect(page.locator("#timer")).to_contain_text("19:55–20:00")
    page.reload()
    expect(page.locator("#timer")).to_contain_text("19:55–20:00")
    expect(page.locator("[data-keep]")).to_be_hidden()


def test_what_she_opens_on_the_page_of_results_is_sent_to_nobody(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/ru/p/4")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    length = page.evaluate("history.length")
    for summary in page.locator("details summary").all():
        summary.click()
    assert [address for address in asked if "/static/" not in address] == []
    assert page.evaluate("history.length") == length
    assert page.url.endswith("/ru/p/4")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_one_tap_leads_from_harm_to_help(visitor: Visitor, script: bool) -> None:
    page = visitor(script=script)
    page.goto("/ru/p/4")
    page.locator("button.bad").click()
    expect(page.locator("h1")).to_contain_text("Номера помощи")


def test_the_confirming_test_is_one_tap_away(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/ru/near?near=Алматы")
    page.goto("/ru/p/4")
    page.locator("details.res summary").first.click()
    page.locator("details.res[open] button[name=start]").first.click()
    expect(page.locator("dl.facts")).to_contain_text("Подтверждающий анализ")


def test_a_kept_page_opens_without_a_connection_and_one_not_kept_does_not(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="ru-RU")
    page = context.new_page()
    page.goto("/ru/order/how/2")  # seen, and not kept
    page.goto("/ru/order/how/1")
    page.locator("[data-keep]").click()
    expect(page.locator("[data-keep]")).to_have_attribute("aria-pressed", "true")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.locator("[data-keep]")).to_have_attribute("aria-pressed", "true")
    context.set_offline(True)
    page.goto("/ru/order/how/1")
    expect(page.locator("ol.steps li")).to_have_count(4)
    page.locator("#timer button").click()
    expect(page.locator("[data-left]")).to_be_visible()
    page.goto("/ru/p/4")
    expect(page.locator("details.res")).to_have_count(3)
    page.goto("/ru/order/how/2")
    expect(page.locator("h1")).to_contain_text("Нет связи")
    context.set_offline(False)
    page.goto("/ru/order/how/1")
    page.locator("[data-keep]").click()
    expect(page.locator("[data-keep]")).to_have_attribute("aria-pressed", "false")
    context.set_offline(True)
    page.goto("/ru/order/how/1")
    expect(page.locator("h1")).to_contain_text("Нет связи")
    context.close()


@pytest.mark.parametrize(("n", "address"), list(enumerate(PAGES)))
def test_axe_finds_nothing(visitor: Visitor, n: int, address: str) -> None:
    language = ("ru", "kk", "en")[n % 3]
    page = visitor(language=language)
    page.goto(f"/{language}{address}")
    expect(page.locator("h1")).to_have_count(1)
    for summary in page.locator("details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()
    sound(page)


def test_axe_finds_nothing_on_what_only_a_form_opens(visitor: Visitor) -> None:
    page = visitor(language="kk")
    secret = order(page, "kk")
    sound(page)
    open_(page, "kk", secret)
    sound(page)
    page.locator("button[value=points]").click()
    sound(page)
    page.goto("/kk/order/how/1")
    page.locator("#timer button").click()
    sound(page)


def test_no_page_has_to_be_scrolled_sideways_in_any_language(visitor: Visitor) -> None:
    page = visitor()
    page.set_viewport_size({"width": 320, "height": 640})
    for address in PAGES:
        for language in ("kk", "ru", "en"):
            page.goto(f"/{language}{address}")
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert too_wide(page) <= 0, f"{page.url} is {too_wide(page)} px too wide"


def test_pages_to_keep_are_those_of_this_kit_in_this_language(visitor: Visitor) -> None:
    page = visitor(language="kk")
    page.goto("/kk/order/how/2")
    kept = json.loads(page.locator("[data-keep]").get_attribute("data-pages") or "[]")
    assert kept[:3] == ["/kk/order/how/2", "/kk/p/4", "/kk/p/1"]
    assert all(address.startswith("/static/") for address in kept[3:])

"""She books, moves and cancels: in each language, with and without a script, without cookies, by keyboard alone."""

import contextlib
import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.phone import Visitor, sound

TAKEN = {"ru": "только что заняли", "kk": "жаңа ғана", "en": "just taken"}
CANCELLED = {"ru": "Отменено", "kk": "тоқтатылды", "en": "Cancelled"}


def to_confirm(page: Page, language: str) -> None:
    """Two taps, nothing typed: the city, the first time."""
    page.goto(f"/{language}/")
    page.locator("main .btn.main").first.click()
    page.locator(".slots .btn.main").first.click()
    expect(page.locator("dl.facts")).to_be_visible()


def book(page: Page, language: str) -> str:
    """Three taps; the code of the ticket."""
    to_confirm(page, language)
    page.locator("main button.main.full").first.click()
    expect(page.locator(".ticket h1")).to_be_visible()
    if not page.locator(".code").is_visible():
        page.locator("details.card summary").first.click()
    secret = page.locator(".code").inner_text()
    assert re.fullmatch(r"[A-Z2-9]{5} [A-Z2-9]{5} [A-Z2-9]{5}", secret)
    assert secret.replace(" ", "") not in unquote(page.url)
    return secret


def open_(page: Page, language: str, secret: str) -> None:
    page.goto(f"/{language}/mine")
    page.fill("#code", secret.lower())
    page.locator("main .btn.main").click()
    expect(page.locator(".ticket h2")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_she_books_moves_and_cancels(visitor: Visitor, language: str, script: bool) -> None:
    page = visitor(language=language, script=script)
    secret = book(page, language)
    open_(page, language, secret)
    before = page.locator(".ticket p").last.inner_text()
    page.locator("button[value=times]").click()
    page.locator(".strip button:not([disabled])").nth(1).click()
    page.locator(".times label:visible").last.click()
    page.locator("button[value=move]").click()
    expect(page.locator(".notice.good")).to_be_visible()
    assert page.locator(".ticket p").last.inner_text() != before
    page.locator("details.card summary").first.click()
    page.locator("button[value=cancel]").click()
    expect(page.locator("main")).to_contain_text(CANCELLED[language])
    assert secret.replace(" ", "") not in page.content().split("<main")[0]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_she_books_with_cookies_refused(visitor: Visitor, script: bool) -> None:
    page = visitor(script=script, cookies=False)
    secret = book(page, "ru")
    assert page.context.cookies() == []
    open_(page, "ru", secret)
    page.locator("details.card summary").first.click()
    page.locator("button[value=cancel]").click()
    expect(page.locator("main")).to_contain_text("Отменено")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what `selector` finds, and see that it shows."""
    for _press in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            target = page.locator(":focus")
            assert target.evaluate("e => e.matches(':focus-visible')")
            return
    raise AssertionError(f"{selector} is not reached by Tab on {page.url}")


def test_case_22_she_books_and_cancels_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor(language="en")
    page.goto("/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "vh skip"
    tab_to(page, "main .btn.main")
    page.keyboard.press("Enter")
    expect(page.locator("ul.list")).to_be_visible()
    tab_to(page, ".slots button.main")
    name = page.locator(":focus").get_attribute("aria-label") or ""
    assert re.match(r"(Tuesday 24|Wednesday 25|in the night from Tuesday to Wednesday, 25) November, \d+:\d\d, ", name)
    page.keyboard.press("Enter")
    expect(page.locator("dl.facts")).to_be_visible()
    tab_to(page, "main button.main.full")
    page.keyboard.press("Enter")
    expect(page.locator(".ticket h1")).to_be_visible()
    tab_to(page, "details.card summary")
    page.keyboard.press("Enter")
    secret = page.locator(".code").inner_text()
    page.goto("/en/mine")
    tab_to(page, "#code")
    page.keyboard.type(secret)
    page.keyboard.press("Enter")
    expect(page.locator(".ticket h2")).to_be_visible()
    tab_to(page, "details.card summary")
    page.keyboard.press("Space")
    tab_to(page, "button[value=cancel]")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Cancelled")


def test_case_22_days_and_times_have_full_names_and_closed_days_say_so(visitor: Visitor) -> None:
    page = visitor(language="en")
    page.goto("/en/near?near=Almaty&after=18:00")
    page.locator(".slots .btn", has=page.locator(".vh")).first.click()
    names = page.locator(".strip button").evaluate_all("all => all.map(x => x.getAttribute('aria-label'))")
    assert names[0] == "Tuesday 24 November"
    assert page.locator(".times input").first.get_attribute("aria-label", timeout=2000)
    for button in page.locator(".strip button[disabled]").all():
        assert re.search(r", (closed|full)$", button.get_attribute("aria-label") or "")


def test_the_script_fetches_times_for_a_new_choice_and_the_button_does_without_it(visitor: Visitor) -> None:
    for script in (True, False):
        page = visitor(script=script)
        page.goto("/ru/near?near=Алматы&after=18:00")
        page.locator(".slots .btn", has=page.locator(".vh")).first.click()
        page.locator(".strip button:not([disabled])").nth(1).click()
        before = page.locator(".times label").count()
        page.locator(".pick input:not(:checked)").nth(0).check()
        if script:
            expect(page.locator("[data-total]")).not_to_have_text("Всего 30 мин")
        else:
            page.locator(".total button").click()
        expect(page.locator(".times label")).not_to_have_count(before)


def test_a_phone_number_with_a_mistake_takes_the_focus_and_stays(visitor: Visitor) -> None:
    page = visitor()
    to_confirm(page, "ru")
    page.locator("details.card summary").first.click()
    page.fill("#phone", "8 701 555 01 4")
    page.locator("form[novalidate] button.main").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.title().startswith("Ошибка:")
    assert page.input_value("#phone") == "8 701 555 01 4"
    sound(page)
    page.locator("[data-errors] a").click()
    expect(page.locator("#phone")).to_be_focused()
    page.fill("#phone", "8 701 555 01 41")
    page.locator("form[novalidate] button.main").click()
    expect(page.locator("main")).to_contain_text("+7 701 555 0141")
    sound(page)


def test_back_never_brings_a_secret_back(visitor: Visitor) -> None:
    page = visitor()
    secret = book(page, "ru")
    page.goto("/ru/")
    with contextlib.suppress(Error):  # the browser itself refuses to show an answer to a form again
        page.go_back()
    expect(page.locator(".code")).to_have_count(0)
    expect(page.locator("html")).not_to_contain_text(secret)


@pytest.mark.parametrize("leave", ["click", "three times Esc", "click without script"])
def test_hide_leads_away_and_with_a_script_leaves_no_way_back(visitor: Visitor, leave: str) -> None:
    page = visitor(script=leave != "click without script")
    page.goto("/ru/what-we-keep")
    page.goto("/ru/p/1")
    if leave == "three times Esc":
        for _press in range(3):
            page.keyboard.press("Escape")
    else:
        page.locator(".exit").click()
    page.wait_for_url("http://localhost:*/offline")
    if leave == "click without script":
        page.go_back()
        assert page.url.endswith("/ru/p/1")
    else:
        with page.expect_navigation(url="http://localhost:*/offline"):  # there again, from whatever page of ours
            page.evaluate("setTimeout(() => history.back(), 0)")


def test_she_books_over_tls_outside_the_demo(browser: Browser, secure_site: str) -> None:
    context = browser.new_context(base_url=secure_site, ignore_https_errors=True, service_workers="block")
    page = context.new_page()
    seen: dict[str, str] = {}
    page.on("response", lambda answer: seen.update(answer.headers))
    secret = book(page, "ru")
    assert seen["strict-transport-security"].startswith("max-age=")
    assert all(cookie.get("secure") and cookie.get("httpOnly") for cookie in context.cookies())
    assert "SMS" not in page.locator("main").inner_text()  # no sender is configured
    open_(page, "ru", secret)
    page.locator("details.card summary").first.click()
    page.locator("button[value=cancel]").click()
    expect(page.locator("main")).to_contain_text("Отменено")
    context.close()

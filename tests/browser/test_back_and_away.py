"""Back, Forward, reload, a closed tab: her ticket is found again. After Hide nothing of hers comes back."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.phone import ARGS, Visitor, sound
from tests.browser.test_she_books import TAKEN, to_confirm

BOOKED = {"ru": "Вы записаны", "kk": "Сіз жазылдыңыз"}


def book(page: Page, language: str) -> str:
    """Three taps; what to say at the door."""
    to_confirm(page, language)
    page.locator("main button.main.full").first.click()
    noun = page.locator(".ticket h1")
    expect(noun).to_be_visible()
    return noun.inner_text()


def true_of_her(page: Page, language: str) -> None:
    """A page of ours that does not say that her own time was taken, nor that it is still to be booked."""
    page.wait_for_load_state()
    assert page.url.startswith("http"), page.url
    text = page.locator("main").inner_text()
    assert TAKEN[language] not in text


def found_again(page: Page, language: str, ticket: str) -> None:
    """She is booked, and one tap shows the ticket."""
    expect(page.locator("h1")).to_have_text(BOOKED[language])
    page.locator("main .btn.main").first.click()
    expect(page.locator(".ticket h1")).to_have_text(ticket)


@pytest.fixture
def keeper(browser: Browser, site: str) -> Iterator[Callable[[], Page]]:
    """Pages of a browser that keeps pages whole for Back and Forward, as phones do."""
    keeping = browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[*ARGS, "--enable-features=BackForwardCache,CacheControlNoStoreEnterBackForwardCache"],
        ignore_default_args=["--disable-back-forward-cache"],
    )

    def make() -> Page:
        options: Any = {"viewport": {"width": 360, "height": 740}, "base_url": site, "service_workers": "block"}
        page = keeping.new_context(**options).new_page()
        page.set_default_timeout(15_000)
        return page

    yield make
    keeping.close()


def there_and_back(page: Page, language: str) -> None:
    ticket = book(page, language)
    page.go_back()
    true_of_her(page, language)
    page.go_forward()
    found_again(page, language, ticket)
    page.reload()
    found_again(page, language, ticket)
    address, context = page.url, page.context
    page.close()
    opened = context.new_page()
    opened.goto(address)
    found_again(opened, language, ticket)
    opened.goto(f"/{language}/mine")
    expect(opened.locator("main .notice.good").first).to_contain_text(BOOKED[language])


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_back_forward_reload_and_a_closed_tab_lead_to_her_ticket(visitor: Visitor, language: str) -> None:
    page = visitor(language=language)
    there_and_back(page, language)


def test_so_do_they_where_the_browser_keeps_pages_whole(keeper: Callable[[], Page]) -> None:
    there_and_back(keeper(), "ru")


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_without_a_script_the_same_address_finds_it(visitor: Visitor, language: str) -> None:
    page = visitor(language=language, script=False)
    ticket = book(page, language)
    page.goto(page.url)
    found_again(page, language, ticket)
    page.goto(page.url)
    sound_page = page.locator("h1")
    expect(sound_page).to_have_text(BOOKED[language])


def test_the_page_that_finds_it_is_sound(visitor: Visitor) -> None:
    page = visitor(language="kk")
    book(page, "kk")
    page.reload()
    expect(page.locator("h1")).to_have_text(BOOKED["kk"])
    sound(page)


def test_with_cookies_refused_back_and_forward_end_on_pages_of_ours(visitor: Visitor) -> None:
    page = visitor(cookies=False)
    book(page, "ru")
    page.go_back()
    true_of_her(page, "ru")
    page.go_forward()
    true_of_her(page, "ru")


def hide(page: Page, site: str) -> None:
    page.locator(".exit").click()
    page.wait_for_url("http://localhost:*/offline")


def back_is_gone(page: Page) -> None:
    """Whatever Back finds, it ends at the other site."""
    with page.expect_navigation(url="http://localhost:*/offline"):
        page.evaluate("setTimeout(() => history.back(), 0)")


def test_after_hide_back_shows_nothing_of_hers(visitor: Visitor, site: str) -> None:
    page = visitor()
    page.goto("/ru/p/2")
    page.goto("/ru/near?near=Алматы")
    book(page, "ru")
    hide(page, site)
    for _press in range(4):
        back_is_gone(page)
    page.goto("/ru/p/1")  # she opens it herself: it works as before
    expect(page.locator("h1")).to_be_visible()
    page.goto("/ru/mine")
    assert page.locator(".notice.good").count() == 0
    page.go_back()
    expect(page.locator("h1")).to_be_visible()
    assert page.url.endswith("/ru/p/1")


def test_after_hide_back_shows_nothing_where_the_browser_keeps_pages_whole(
    keeper: Callable[[], Page], site: str
) -> None:
    page = keeper()
    page.goto("/ru/p/2")
    page.goto("/ru/p/3")
    hide(page, site)
    back_is_gone(page)


def test_after_hide_the_ticket_is_not_found_again(visitor: Visitor, site: str) -> None:
    page = visitor()
    book(page, "ru")
    address = page.url
    with page.expect_request(lambda request: request.url.endswith("/out")):
        hide(page, site)
    page.goto(address)
    expect(page.locator("h1")).not_to_have_text(BOOKED["ru"])


def test_the_code_is_copied_by_a_tap(visitor: Visitor, site: str) -> None:
    page = visitor()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    book(page, "ru")
    page.locator("details.card:has(.code)").evaluate("fold => { fold.open = true; }")
    page.get_by_role("button", name="Скопировать код").click()
    expect(page.get_by_role("button", name="Скопировано")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("p.code").inner_text()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_back_from_a_place_finds_the_list_as_she_chose_it_and_no_address_says_what(
    visitor: Visitor, script: bool
) -> None:
    page = visitor(script=script)
    said: list[str] = []
    page.on("framenavigated", lambda frame: said.append(frame.url))
    page.goto("/ru/")
    page.locator("main .btn.main").first.click()
    first = page.locator("nav.swipe").first.locator("button.chip").nth(1)
    chosen = first.inner_text()
    with page.expect_navigation():
        first.click()
    expect(page.locator("nav.swipe").first.locator("[aria-current]")).to_have_text(chosen)
    with page.expect_navigation():
        page.locator("li.card h2 button").first.click()
    page.go_back()
    expect(page.locator("nav.swipe").first.locator("[aria-current]")).to_have_text(chosen)
    page.reload()
    expect(page.locator("nav.swipe").first.locator("[aria-current]")).to_have_text(chosen)
    assert len(said) >= 4
    assert not [address for address in said if "service=" in address or "start=" in address]

"""An invitation on a phone without a script; a passkey in Chromium's own authenticator; a shared desk."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clinic import clock
from clinic.staff import second_factor
from tests.browser.conftest import Hands
from tests.browser.phone import free_port, sound
from tests.conftest import Maker
from tests.desk.conftest import PASSWORD, PIN, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2"]

NEW = "evening lamp 7"


@dataclass
class Site:
    """A site at which everybody needs a second factor, and browsers that open it."""

    desk: Desk
    address: str
    open: Callable[..., Page]


@pytest.fixture
def site(
    make_app: Maker,
    hands: Hands,
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[..., str],
    browser: Browser,
) -> Iterator[Site]:
    port = free_port()
    address = f"http://localhost:{port}"  # a passkey belongs to a name, never to a number
    app: Flask = make_app(extra={"KESHKI_BASE_URL": address})
    desk = furnish(app)
    serve(app, port)
    monkeypatch.setattr(second_factor, "asked", lambda: True)
    contexts: list[BrowserContext] = []

    def start(width: int = 360, script: bool = True, language: str = "ru") -> Page:
        context = browser.new_context(
            base_url=f"{address}/{language}/",
            viewport={"width": width, "height": 780},
            java_script_enabled=script,
            locale="ru-RU",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield Site(desk, address, start)
    for context in contexts:
        context.close()


def fill_in(page: Page, login: str, password: str = PASSWORD, code: str = "") -> None:
    page.goto("staff/sign-in")
    page.fill("#login", login)
    page.fill("#password", password)
    page.fill("#code", code)
    page.click("form:has(#login) button")


def set_up_app(page: Page) -> pyotp.TOTP:
    """Type the letters into an app, and its digits into the page."""
    totp = pyotp.TOTP(re.sub(r"\s", "", page.locator(".code").inner_text()))
    page.fill("#code", totp.at(clock.now()))
    page.click("form:has(#code) button")
    expect(page.locator(".codes li")).to_have_count(10)
    return totp


def authenticator(page: Page) -> None:
    """A device with a finger that is always recognised."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_she_is_invited_and_sits_at_the_desk_a_minute_later(site: Site, hands: Hands) -> None:
    chief = site.open(1280)
    fill_in(chief, "chief")
    sound(chief)
    set_up_app(chief)
    chief.goto("staff/people")
    sound(chief)
    chief.click(".bar-top .main")
    sound(chief)
    chief.fill("#name", "Асель")
    chief.select_option("#where", f"place:{site.desk.location_id}")
    chief.select_option("#language", "kk")
    chief.check("input[value=receptionist]")
    chief.click("main button.main")
    expect(chief.locator(".code")).to_have_count(2)
    link, code = chief.locator(".code").all_inner_texts()

    phone = site.open(script=False, language="kk")
    phone.goto(link)
    phone.reload()  # opening uses nothing up
    phone.fill("#code", code)
    phone.fill("#login", "asel")
    phone.fill("#password", NEW)
    phone.fill("#pin", "1111")
    phone.click("main button.main")
    expect(phone.locator("[data-errors]")).to_contain_text("PIN")
    assert phone.input_value("#password") == ""
    phone.fill("#password", NEW)
    phone.fill("#pin", "8093")
    phone.click("main button.main")
    expect(phone.locator("h1")).to_have_text("Екінші растау")
    assert phone.locator("[data-passkey-only]").is_hidden()
    totp = set_up_app(phone)
    phone.click("main a.main")
    expect(phone.locator("#grid")).to_be_visible()

    hands.shift(timedelta(minutes=2))
    again = site.open(script=False)
    fill_in(again, "asel", NEW)
    expect(again.locator("[data-errors]")).to_be_visible()
    fill_in(again, "asel", NEW, totp.at(clock.now()))
    expect(again.locator("#grid")).to_be_visible()
    again.goto("staff/me")
    assert again.locator("button[name=sign_in]").count() == 2

    chief.goto("staff/people")
    chief.get_by_role("link", name=re.compile("Асель")).click()
    sound(chief)
    chief.locator("details:has(form[action$='/off']) summary").click()
    chief.locator("form[action$='/off'] button").click()
    expect(chief.locator("[role=status]")).to_be_visible()
    again.reload()
    expect(again.locator("#login")).to_be_visible()
    chief.goto("staff/people/deeds")
    expect(chief.locator("tbody")).to_contain_text("приглашение принято")
    sound(chief)


def test_the_other_pages_are_sound_on_a_phone_in_kazakh(site: Site, hands: Hands) -> None:
    page = site.open(360, language="kk")
    page.goto("staff/invitation/abcdefghjkmn")
    page.evaluate("document.querySelectorAll('[required]').forEach(field => { field.required = false; })")
    page.click("main button.main")
    sound(page)
    fill_in(page, "chief")
    set_up_app(page)
    for path in ("staff/me", "staff/me/password"):
        page.goto(path)
        sound(page)
    hands.shift(timedelta(minutes=16))
    page.goto("staff/me")
    page.fill("#pin", PIN)
    page.press("#pin", "Enter")
    page.goto("staff/me/second")
    expect(page.locator("h1")).to_have_text("Бұл сіз бе?")
    sound(page)


def test_a_passkey_opens_without_password_and_no_other_device_has_it(site: Site) -> None:
    page = site.open(1280)
    authenticator(page)
    fill_in(page, "gulnar")
    page.click("[data-passkey=create] button")
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto("staff/me")
    expect(page.locator("main li.card").first).to_contain_text("Ключ доступа")
    page.click("button.out")
    sound(page)
    with page.expect_request("**/staff/sign-in/passkey") as sent:
        page.click("[data-passkey=get] button")
    expect(page.locator("#grid")).to_be_visible()

    answer = (sent.value.post_data_json or {})["answer"]
    page.click("button.out")
    form = page.locator("[data-passkey=get]")
    form.evaluate("(form, answer) => { form.answer.value = answer; form.submit(); }", answer)
    expect(page.locator("[data-errors]")).to_be_visible()  # the same answer a second time

    fill_in(page, "gulnar")
    expect(page.locator("[data-errors]")).to_be_visible()  # the password alone is not enough
    other = site.open(1280)
    other.goto("staff/sign-in")
    authenticator(other)
    other.click("[data-passkey=get] button")
    expect(other.locator("[data-failed]")).to_be_visible()


def test_a_shared_desk_shows_names_and_takes_pins(site: Site) -> None:
    page = site.open(360)
    fill_in(page, "chief")
    set_up_app(page)
    page.goto("staff/people/desks")
    sound(page)
    page.fill("#name", "Окно 1")
    page.click("main button.main")
    expect(page.locator("h1 + p")).to_contain_text("Окно 1")
    sound(page)
    page.get_by_label("Gulnar").check()
    page.fill("#pin", PIN)
    page.press("#pin", "Enter")
    expect(page.locator("#grid")).to_be_visible()
    page.keyboard.press("Escape")
    page.fill("#pin", PIN)
    page.press("#pin", "Enter")
    expect(page.locator("#grid")).to_be_visible()
    page.click(".menu summary")
    page.click("button.out")
    expect(page.get_by_label("Aigul")).to_be_visible()

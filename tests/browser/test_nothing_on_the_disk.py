"""What her browser writes to the phone: after every form of hers the files of a real profile hold nothing she typed."""

import base64
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.phone import ARGS
from tests.browser.test_she_books import to_confirm

NUMBER, WORDS, PLACE, SEARCHED = "+77476543999", "brplntnotewords", "brplntflat52", "brplntsearched"


def files_with(profile: Path, secret: str) -> list[str]:
    """The files that hold a secret: plain, as UTF-16, or within what is compressed."""
    looks = [secret.encode(), secret.encode("utf-16-le"), secret.replace("+", "%2B").encode()]
    looks += [base64.b64encode(secret.encode())[:-4]]
    found = []
    for path in profile.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            try:
                content += zlib.decompress(content)
            except zlib.error:
                pass
            if any(look in content for look in looks):
                found.append(str(path.relative_to(profile)))
    return found


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@contextmanager
def phone(browser: Browser, profile: Path, site: str, script: bool) -> Iterator[BrowserContext]:
    """A normal profile, not a private one: what the browser keeps stays in its folder when it is closed."""
    options: Any = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": script, "base_url": site}
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=[*ARGS, "--headless=new"], **options
    )
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()


def walk(page: Page) -> list[str]:
    """Every form of hers, sent; the secrets that went through them."""
    to_confirm(page, "ru")
    page.locator("details:has(#phone) > summary").click()
    page.fill("#phone", NUMBER)
    page.locator("details:has(#phone) button.main.full").click()
    expect(page.locator("dl.facts .sms")).to_be_visible()
    page.locator("button[value=book]").click()
    expect(page.locator(".ticket h1")).to_be_visible()
    secret = page.locator(".code").first.text_content() or ""
    page.goto("/ru/mine")
    page.fill("#code", secret)
    page.locator("main .btn.main").last.click()
    expect(page.locator(".ticket h2")).to_be_visible()
    page.goto("/ru/p/find")
    page.fill("[name=q]", SEARCHED)
    page.keyboard.press("Enter")
    expect(page.locator("[name=q]")).to_have_value(SEARCHED)
    page.goto("/ru/p/1")
    return [secret, secret.replace(" ", ""), secret.replace(" ", "+"), NUMBER, NUMBER[1:], SEARCHED]


def test_the_looking_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "Session_1").write_bytes(b"x" + NUMBER.encode("utf-16-le"))
    (tmp_path / "f").write_bytes(zlib.compress(WORDS.encode()))
    assert files_with(tmp_path, NUMBER) == ["Session_1"]
    assert files_with(tmp_path, WORDS) == ["f"]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_no_secret_of_any_form_is_in_the_files_of_the_browser(
    browser: Browser, site: str, profile: Path, script: bool
) -> None:
    with phone(browser, profile, site, script) as context:
        page = context.new_page()
        secrets = walk(page)
    assert (profile / "Default" / "Sessions").exists(), "the browser has kept no tabs at all: nothing is shown by this"
    held = {secret: files_with(profile, secret) for secret in secrets}
    assert not any(held.values()), held

"""Her phone: 360 px wide, on a site that runs in a process of its own, on a city full of places."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests import city

ROOT = Path(__file__).parents[2]
ARGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
LOCALES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and database of a city."""
    folder = tmp_path_factory.mktemp("town") / "city"
    folder.mkdir()
    city.build(folder)
    return folder


@pytest.fixture(scope="session")
def site(town: Path) -> Iterator[str]:
    """The address of the site."""
    port = free_port()
    with serving(town, port, "plain"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def secure_site(town: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a copy of the site outside the demo, over TLS."""
    port = free_port()
    city.copy(town, tmp_path / "town")
    with serving(tmp_path / "town", port, "tls"):
        yield f"https://localhost:{port}"


@contextmanager
def serving(folder: Path, port: int, how: str) -> Iterator[None]:
    """Run the site in a process of its own, from when it takes connections until the end of the block."""
    command = [sys.executable, "-m", "tests.browser.serve", str(folder), str(port), how]
    with subprocess.Popen(command, cwd=ROOT) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended at its start"
                assert time.monotonic() < deadline, "the server did not start within 30 s"
                time.sleep(0.05)
        yield
        process.terminate()
        process.wait(10)


Visitor = Callable[..., Page]


@pytest.fixture
def visitor(browser: Browser, site: str, tmp_path: Path) -> Iterator[Visitor]:
    """Makes pages of her phone; at the end no page may have logged an error or asked another host."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []
    ours = (site, site.replace("127.0.0.1", "localhost"), "data:")

    def make(language: str = "ru", script: bool = True, cookies: bool = True) -> Page:
        options: Any = {
            "viewport": {"width": 360, "height": 740},
            "java_script_enabled": script,
            "locale": LOCALES[language],
            "base_url": site,
            "service_workers": "block",
        }
        if cookies:
            context = browser.new_context(**options)
        else:  # a profile whose settings say: block all cookies
            profile = tmp_path / f"profile-{len(contexts)}"
            (profile / "Default").mkdir(parents=True)
            refuse = {"profile": {"default_content_setting_values": {"cookies": 2}}}
            (profile / "Default" / "Preferences").write_text(json.dumps(refuse))
            context = browser.browser_type.launch_persistent_context(
                profile, executable_path=shutil.which("chromium"), args=ARGS, **options
            )
        contexts.append(context)
        context.on("request", lambda r: None if r.url.startswith(ours) else wrong.append(r.url))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on(
            "console", lambda m: wrong.append(m.text) if m.type == "error" and "status of 4" not in m.text else None
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not wrong, wrong


def _is_wrong(message: ConsoleMessage) -> bool:
    """An error on the console; that a refusal is a 4xx is none."""
    return message.type == "error" and "status of 4" not in message.text


def sound(page: Page) -> None:
    """axe finds nothing wrong, light and dark, and nothing has to be scrolled sideways."""
    for scheme, options in (("light", None), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found: Any = Axe().run(page, options=options)
        assert not found.response["violations"], f"{page.url} {scheme}\n{found.generate_report()}"
    page.emulate_media(color_scheme="light")
    assert too_wide(page) <= 0, f"{page.url} is {too_wide(page)} px too wide"


def too_wide(page: Page) -> int:
    """By how many pixels a page has to be scrolled sideways."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide

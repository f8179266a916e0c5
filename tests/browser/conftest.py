"""A real Chromium on a real server in this process; the clock stands where the test puts it."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from clinic import clock
from clinic.config import EXTENSION
from tests.browser.phone import secure_site, site, town, visitor
from tests.conftest import EVENING

__all__ = ["secure_site", "site", "town", "visitor"]

ARGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


expect.set_options(timeout=15_000)  # a busy machine is no failure


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        yield chromium
        chromium.close()


class Hands:
    """The hands of our clock: only what asks `clinic.clock` sees them, so waiting in the browser still works."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        self.at = at

    def shift(self, by: timedelta) -> None:
        self.at += by


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """Tuesday 24 November 2026, 19:40 in Almaty, until the test moves it."""
    hands = Hands(EVENING)
    monkeypatch.setattr(clock, "_source", hands)
    return hands


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve an app on a port of this machine (0: a free one); returns its address."""
    servers = []

    def start(app: Flask, port: int = 0) -> str:
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        servers.append((server, thread))
        address, known = f"http://127.0.0.1:{server.server_port}", app.extensions[EXTENSION]
        if known.base_url == "http://localhost":  # a form counts only from the site's own address
            app.extensions[EXTENSION] = replace(known, base_url=address)
        return address

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join(5)
        server.server_close()

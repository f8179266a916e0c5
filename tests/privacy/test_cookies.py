"""Cookies that no other host can plant, and a site that answers to its own name alone."""

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from clinic.db import writing
from clinic.staff import accounts
from tests.conftest import Maker
from tests.desk.conftest import PASSWORD, PIN, cheap_argon2

__all__ = ["cheap_argon2"]

OURS = "https://keshki.test"


@pytest.fixture
def real(make_app: Maker) -> Flask:
    """The site as it is run outside the demo, under an address of its own."""
    app: Flask = make_app("sqlite", {"KESHKI_BASE_URL": OURS})
    return app


def kept(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


@pytest.mark.usefixtures("cheap_argon2")
def test_every_cookie_over_tls_is_bound_to_this_host(real: Flask) -> None:
    with real.app_context(), writing() as s:
        accounts.add(s, "gulnar", "Гүлнар", "ru", PASSWORD, PIN)
    client = real.test_client()
    token = client.get("/en/staff/sign-in", base_url=OURS).text.split('name="csrf_token" value="')[1].split('"')[0]
    desk = {"login": "gulnar", "password": PASSWORD, "csrf_token": token}
    found = kept(client.post("/en/staff/sign-in", base_url=OURS, data=desk))
    assert {cookie.split("=")[0] for cookie in found} == {"__Host-s", "__Host-b"}
    for cookie in found:
        assert all(part in cookie for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax")), cookie
        assert "Domain" not in cookie


def test_cookies_are_kept_in_one_place() -> None:
    clinic = Path(__file__).parents[2] / "clinic"
    words = ("set_cookie(", "delete_cookie(", "request.cookies")
    users = {file.name for file in clinic.rglob("*.py") if any(word in file.read_text() for word in words)}
    assert users == {"cookies.py"}


@pytest.mark.parametrize("path", ["/staff", "/en/", "/en/now", "/nowhere"])
def test_a_forged_name_leads_nowhere(real: Flask, path: str) -> None:
    answer = real.test_client().get(path, base_url="https://evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.text + str(answer.headers)


def test_a_form_of_another_page_is_refused_whatever_name_it_asks_for(real: Flask) -> None:
    for base in (OURS, "https://localhost"):
        answer = real.test_client().post("/en/near", base_url=base, headers={"Origin": "https://localhost"})
        assert answer.status_code == 403
    assert real.test_client().post("/en/mine", base_url=OURS, headers={"Origin": OURS}).status_code != 403


def test_the_machine_itself_may_ask_whether_the_site_is_there(real: Flask) -> None:
    assert real.test_client().get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200

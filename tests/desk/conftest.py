"""A desk to work at: one place with three rooms, a few booked women, people with passwords and PINs."""

from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import book
from clinic.db import writing
from clinic.directory import catalogue
from clinic.privacy import keys
from clinic.staff import accounts
from tests import factories

PASSWORD = "correct horse battery"
PIN = "2468"


@pytest.fixture(autouse=True)
def cheap_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id with the least work: the rules are tested here, not the hash."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: weak)
    accounts._nobody.cache_clear()


class Browser(FlaskClient):
    """A client whose every request has a context of its own, as on a server: the tests' own context shares nothing."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return Context().run(super().open, *args, **kwargs)


@dataclass
class Desk:
    """The ids and names a test needs."""

    app: Flask
    location_id: int
    slug: str
    rooms: tuple[int, ...]
    service_id: int
    day: date
    foreign_slug: str

    def client(self, login: str = "gulnar") -> FlaskClient:
        """A browser in which `login` is signed in."""
        client = self.stranger()
        answer = sign_in(client, login, PASSWORD)
        assert answer.status_code == 303, answer.text
        return client

    def stranger(self) -> FlaskClient:
        """A browser in which nobody is signed in."""
        return Browser(self.app, self.app.response_class)

    def url(self, tail: str = "", slug: str | None = None, day: date | None = None) -> str:
        return f"/staff/roster/{slug or self.slug}/{(day or self.day).isoformat()}{tail}"

    def woman(self, minutes_from_now: int, phone: str | None = None) -> int:
        """A woman books; returns her ticket's number."""
        return self.booked(minutes_from_now, phone).appointment.ticket

    def booked(self, minutes_from_now: int, phone: str | None = None) -> book.Booked:
        now = clock.now()
        with writing() as s:
            cat = catalogue.current(s)
            request = book.Request(
                location=cat.locations[self.location_id],
                services=frozenset([self.service_id]),
                start=now + timedelta(minutes=minutes_from_now),
                language="kk",
                cover="plain",
                phone=phone,
                remind_minutes=None,
                confirm=False,
                code=None,
            )
            return book.confirm(s, cat, request, now)


def csrf(client: FlaskClient, url: str) -> str:
    """The form token of a page."""
    page = client.get(url)
    assert page.status_code == 200, (url, page.status_code, page.headers.get("Location"))
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def sign_in(client: FlaskClient, login: str, password: str):  # type: ignore[no-untyped-def]
    return client.post(
        "/staff/sign-in",
        data={"csrf_token": csrf(client, "/staff/sign-in"), "login": login, "password": password},
    )


def post(client: FlaskClient, page: str, tail: str, data: dict[str, str], scripted: bool = True):  # type: ignore[no-untyped-def]
    """Send one of the roster's forms, as desk.js does (or without it)."""
    token = csrf(client, page)
    headers = {"Keshki-Poll": "1", "Keshki-Active": "1"} if scripted else {}
    return client.post(page + tail, data={"csrf_token": token, **data}, headers=headers)


def person(s: Session, login: str, role: str, location_id: int | None, organization_id: int | None = None) -> None:
    added = accounts.add(s, login, login.title(), "ru", PASSWORD, PIN)
    accounts.give_role(s, added, role, organization_id, location_id)


def furnish(app: Flask) -> Desk:
    keys.ring().advance(clock.today(), leap_days=100)  # somebody was here yesterday
    with writing() as s:
        service = factories.a_service(s)
        place = factories.a_location(s, "Saya", hours="Mo-Su 06:00-30:00", services=(service,))
        rooms = tuple(factories.a_room(s, place, (service,), f"Room {n}").id for n in (3, 4, 5))
        elsewhere = factories.a_location(
            s, "Dala", hours="Mo-Su 06:00-30:00", organization="other", services=(service,)
        )
        factories.a_room(s, elsewhere, (service,), "Room 1")
        person(s, "gulnar", "receptionist", place.id)
        person(s, "aigul", "clinician", place.id)
        person(s, "dala", "receptionist", elsewhere.id)
        person(s, "keeper", "point_keeper", place.id)
        person(s, "chief", "coordinator", None, place.organization_id)
        catalogue.changed(s)
        return Desk(app, place.id, place.slug, rooms, service.id, clock.service_day(clock.now()), elsewhere.slug)


@pytest.fixture
def desk(app: Flask, evening: object) -> Desk:
    """Tuesday 24 November 2026, 19:40; the desk of a place with three rooms."""
    return furnish(app)


@pytest.fixture
def make_desk() -> Callable[[Flask], Desk]:
    return furnish

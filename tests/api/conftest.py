"""A small city with one bookable clinic, points with kits on their shelves, and a client that speaks JSON to it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from clinic.db import Text3, db, writing
from clinic.directory import catalogue
from clinic.directory.models import PlaceName
from clinic.kits import stock
from clinic.kits.models import KitStep, KitType, Point, PointKit
from tests import factories

API = "/api/v1"
KEY = "0123456789abcdefghijkl"
TONIGHT = "2026-11-24"
TOMORROW = "2026-11-25"
GOOD_UNTIL = date(2027, 9, 30)


@dataclass(frozen=True, slots=True)
class Face:
    """The JSON face as a chat bot sees it; answers in English."""

    client: FlaskClient

    def get(self, path: str, query: Any = None) -> TestResponse:
        db.session.remove()  # the test's own app context outlives a request, and its session with it
        return self.client.get(API + path, query_string=query, headers={"Accept-Language": "en"})

    def post(self, path: str, body: Any, key: str | None = None) -> TestResponse:
        db.session.remove()
        headers = {"Accept-Language": "en"} | ({"Idempotency-Key": key} if key else {})
        return self.client.post(API + path, json=body, headers=headers)

    def free(self, slug: str, service: str = "check", first: str = TOMORROW, days: int = 1) -> list[str]:
        """Starts of the free times."""
        told = self.get(f"/locations/{slug}/slots", {"service": service, "from": first, "days": days}).json
        assert told
        return [slot["start"] for slot in told["slots"]]

    def book(self, start: str, key: str = KEY, **more: Any) -> TestResponse:
        """Book a quick test at the clinic."""
        return self.post("/appointments", {"location": "aaaaa", "services": ["check"], "start": start, **more}, key)

    def order(self, key: str = KEY, **more: Any) -> TestResponse:
        """Order one kit at the point "Dala", or elsewhere if `more` says so."""
        where = {} if "near" in more or "point" in more else {"point": "aaaae"}
        return self.post("/kit-orders", {"kit": "one", "quantity": 1, **where, **more}, key)


def city(app: Flask) -> None:
    """aaaaa: a clinic with one room; aaaab: shows its district only; aaaac: reached only by its link;
    aaaad: takes no bookings; all in Almaty."""
    with app.app_context(), writing() as s:
        check = factories.a_service(s, "check", 20, name="Quick test")
        talk = factories.a_service(s, "talk", 45, name="First talk")
        now = factories.a_service(s, "now", 20, walk_in_only=True, name="At once")
        lab = factories.a_service(s, "lab", 10, name="Blood test")
        clinic = factories.a_location(s, "Saya", services=(check, talk, now))
        factories.a_room(s, clinic, (check, talk))
        hidden = factories.a_location(s, "Quiet", visibility="district", lat=43.2611, lng=76.9333, services=(check,))
        factories.a_room(s, hidden, (check,))
        linked = factories.a_location(s, "By link", visibility="unlisted", lat=43.25, lng=76.94, services=(check,))
        factories.a_room(s, linked, (check,))
        factories.a_location(s, "Far", bookable=False, lat=43.35, lng=77.0, services=(check, lab))
        s.add(
            PlaceName(
                key="almaty", kind="city", name=Text3("Алматы", "Алматы", "Almaty"), lat=43.25, lng=76.93, weight=9
            )
        )
        s.add(
            PlaceName(
                key="almaly",
                kind="district",
                name=Text3("Алмалы ауданы", "Алмалинский район", "Almaly district"),
                within="almaty",
                lat=43.255,
                lng=76.92,
            )
        )
        s.add(
            PlaceName(
                key="shymkent",
                kind="city",
                name=Text3("Шымкент", "Шымкент", "Shymkent"),
                lat=42.32,
                lng=69.59,
                weight=8,
            )
        )
        catalogue.changed(s)


def shelves(app: Flask) -> None:
    """Kits "one" and "two" and an unchecked "three"; points in Almaty, open day and night, that hold for three days.

    aaaae: has 5 of kit one; aaaaf: shows its district only, has 9 of each; aaaag: reached only by its link, has 4 of
    kit one; aaaah: hands out both, has none. Kit two is at aaaaf alone.
    """
    with app.app_context(), writing() as s:
        kits = [_a_kit(s, n, slug) for n, slug in enumerate(("one", "two", "three"), 1)]
        points = (("Dala", "open", 43.24, 5), ("Hush", "district", 43.2611, 9), ("Door", "unlisted", 43.25, 4))
        for name, visibility, lat, n in (*points, ("Bare", "open", 43.28, 0)):
            place = factories.a_location(s, name, hours="24/7", hours_ph="24/7", lat=lat, visibility=visibility)
            s.add(Point(location_id=place.id, kind="pharmacy", how_to_ask=Text3(), hold_days=3))
            s.flush()
            handed = kits[:2] if name in ("Hush", "Bare") else kits[:1]
            s.add_all([PointKit(point_id=place.id, kit_type_id=kit) for kit in handed])
            s.flush()
            for kit in handed if n else ():
                stock.receive(s, place.id, kit, f"L{kit}", GOOD_UNTIL, n, "keeper", date(2026, 11, 24))
        catalogue.changed(s)


def _a_kit(s: Session, number: int, slug: str) -> int:
    name = Text3(f"{slug} (kk)", f"{slug} (ru)", f"Kit {slug}")
    row = KitType(
        number=number, slug=slug, letter="ABC"[number - 1], name=name, needs=name, sample=("oral", "blood")[number % 2],
        read_from=15, read_to=20, leaflet="a leaflet", checked_on=None if slug == "three" else date(2026, 11, 1),
    )  # fmt: skip
    s.add(row)
    s.flush()
    s.add(KitStep(kit_type_id=row.id, n=1, picture="wait", title=name, text=name))
    s.flush()
    return row.id


@pytest.fixture
def face(app: Flask, evening: time_machine.Traveller) -> Face:
    """The face of a site with a small city, limits on, no sender of SMS; Tuesday, 19:40 in Almaty."""
    city(app)
    return Face(app.test_client())

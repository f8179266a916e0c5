"""Finding: order, filters, evenings, places that hide, what is shown otherwise."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import event
from time_machine import Traveller

from clinic import clock
from clinic.booking import find
from clinic.booking.find import Wish
from clinic.db import Text3, db, reading, writing
from clinic.directory import catalogue
from clinic.directory.gazetteer import Spot, distance_m
from clinic.directory.models import PlaceName
from tests.factories import a_location, a_room, a_service

CENTRE = Spot(43.24, 76.93, None, "position")
DISTRICT = (43.251, 76.918)
FRI, SAT = date(2026, 11, 27), date(2026, 11, 28)

pytestmark = pytest.mark.usefixtures("app", "evening")


def a_town() -> dict[str, int]:
    with writing() as s:
        test, talk = a_service(s, "check", 20), a_service(s, "talk", 60)
        near = a_location(s, "Near", lat=43.241, lng=76.931)
        a_room(s, near, (test,))
        far = a_location(s, "Far", lat=43.40, lng=76.93, hours="Mo-Su 18:00-02:00")
        a_room(s, far, (test, talk))
        other = a_location(s, "Other town", lat=51.17, lng=71.43, hours="Mo-Su 00:00-24:00", kind="ngo")
        a_room(s, other, (test, talk))
        other.city = Text3("Астана", "Астана", "Astana")
        other.with_migrants, other.languages = True, "kk,ru,uz"
        phone = a_location(s, "Phone only", lat=43.25, lng=76.94, bookable=False, services=(test,))
        hidden = a_location(s, "Hidden", visibility="unlisted")
        a_room(s, hidden, (test,))
        shy = a_location(s, "Shy", lat=43.219, lng=76.999, visibility="district")
        a_room(s, shy, (test,))
        almaty = Text3("Алматы", "Алматы", "Almaty")
        s.add(PlaceName(key="almaty", kind="city", name=almaty, lat=43.24, lng=76.89, weight=2_000_000))
        name = Text3("Алмалы ауданы", "Алмалинский район", "Almaly district")
        s.add(PlaceName(key="almaly", kind="district", name=name, within="almaty", lat=DISTRICT[0], lng=DISTRICT[1]))
        catalogue.changed(s)
        places = {"near": near, "far": far, "other": other, "phone": phone, "hidden": hidden, "shy": shy}
        return {**{name: place.id for name, place in places.items()}, "check": test.id, "long": talk.id}


def names(wish: Wish, spot: Spot | None = CENTRE) -> list[str]:
    with reading() as s:
        offers = find.find(s, catalogue.current(s), spot, wish, clock.now())
    return [offer.location.name.en for offer in offers]


def test_places_come_by_distance_and_unlisted_ones_never() -> None:
    a_town()
    assert names(Wish()) == ["Near", "Phone only", "Shy", "Far", "Other town"]
    assert names(Wish(limit=2)) == ["Near", "Phone only"]
    assert "Other town" not in names(Wish(within_m=50_000))
    assert names(Wish(), None)[-1] == "Phone only", "bookable ones first where nothing can be measured"


def test_filters_leave_what_fits() -> None:
    ids = a_town()
    assert names(Wish(services=frozenset({ids["long"]}))) == ["Far", "Other town"]
    assert names(Wish(kind="ngo")) == names(Wish(migrants=True)) == names(Wish(language="uz")) == ["Other town"]
    assert names(Wish(language="tg")) == []


def test_open_now_follows_the_clock(evening: Traveller) -> None:
    a_town()
    assert "Near" in names(Wish(open_now=True))
    evening.shift(timedelta(hours=3))  # 22:40
    assert names(Wish(open_now=True)) == ["Far", "Other town"]


def test_a_district_place_is_measured_from_its_district_in_steps() -> None:
    ids = a_town()
    with reading() as s:
        cat = catalogue.current(s)
        shy = cat.locations[ids["shy"]]

        def told(lat: float, lng: float) -> int | None:
            offers = find.find(s, cat, Spot(lat, lng, None, "position"), Wish(limit=50), clock.now())
            return next(offer.distance_m for offer in offers if offer.location.id == shy.id)

        far = {told(lat, lng) for lat, lng in ((43.24, 76.93), (43.30, 76.80), (43.21, 76.99))}
        assert told(*DISTRICT) == 0
        assert find.measured_from(cat, shy) == DISTRICT
        assert find.measured_from(cat, cat.locations[ids["hidden"]]) is None
    assert all(metres is not None and metres % 500 == 0 for metres in far)
    assert distance_m(*DISTRICT, shy.lat, shy.lng) > 5000


def test_slots_are_those_of_the_wished_evening_until_six() -> None:
    a_town()
    with reading() as s:
        cat = catalogue.current(s)
        offers = find.find(s, cat, CENTRE, Wish(day=FRI, after=time(23, 30)), clock.now())
    by_name = {offer.location.name.en: offer for offer in offers}
    assert [clock.local(slot.start).strftime("%d %H:%M") for slot in by_name["Far"].slots] == [
        "27 23:30",
        "27 23:40",
        "27 23:50",
    ]
    assert by_name["Near"].slots == ()
    assert by_name["Near"].next is not None
    assert clock.local(by_name["Near"].next.start).strftime("%a %H:%M") == "Mon 14:00"
    assert by_name["Phone only"].takes_bookings is False
    assert by_name["Phone only"].next is None


def test_a_list_of_many_places_takes_few_queries() -> None:
    a_town()
    with writing() as s:
        service = a_service(s, "more", 20)
        for n in range(40):
            a_room(s, a_location(s, f"Place {n}", lat=43.2 + n / 1000), (service,))
        catalogue.changed(s)
    names(Wish(limit=30))
    asked: list[str] = []

    def listen(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert len(names(Wish(limit=30))) == 30
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert len([statement for statement in asked if not statement.startswith("BEGIN")]) <= 3, asked


def test_otherwise_shows_what_is_open_farther_and_what_opens_soonest_near(app: Flask, evening: Traveller) -> None:
    a_town()
    evening.shift(timedelta(hours=7))  # 02:40 on Wednesday
    assert app
    assert names(Wish(open_now=True, within_m=30_000)) == []
    with reading() as s:
        cat = catalogue.current(s)
        other = find.otherwise(s, cat, CENTRE, Wish(), clock.now())
        far = find.elsewhere(s, cat, CENTRE, Wish(), clock.now())
    assert other.farther == (), "another city is not farther away, it is elsewhere"
    assert [offer.location.name.en for offer in other.sooner] == ["Near", "Phone only", "Shy"]
    assert far is not None
    assert [offer.location.name.en for offer in far.offers] == ["Other town"]
    assert (far.city.en, far.metres // 1000) == ("Astana", 974)


def test_in_the_evening_means_in_the_evening_of_the_next_days_too() -> None:
    ids = a_town()
    with reading() as s:
        cat = catalogue.current(s)
        wish = Wish(frozenset({ids["check"]}), after=time(20, 30))
        offers = find.find(s, cat, CENTRE, wish, clock.now())
        weekend = find.find(s, cat, CENTRE, replace(wish, day=SAT, days=2, after=None), clock.now())
    first = {
        offer.location.name.en: offer.next and clock.local(offer.next.start).strftime("%a %H:%M") for offer in offers
    }
    assert first["Far"] == "Tue 20:30"
    assert first["Near"] == "Tue 20:30"
    assert {clock.local(slot.start).strftime("%a") for offer in weekend for slot in offer.slots} <= {
        "Sat",
        "Sun",
        "Mon",
    }
    assert any(offer.slots for offer in weekend)

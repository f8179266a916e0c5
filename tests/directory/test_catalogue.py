from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from clinic.db import Text3, db, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure, Decree, Location, PlaceName, Room
from tests.booking.test_statements import counted
from tests.conftest import Maker
from tests.directory.plain import a_place
from tests.factories import a_location, a_room, a_service, text3


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != "BEGIN":  # SQLite's, sent by ourselves
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def now_known() -> catalogue.Catalogue:
    with reading() as s:
        return catalogue.current(s)


def make_saya(s: Session) -> Location:
    check = a_service(s)
    location = a_location(s, services=(check,))
    a_room(s, location, (check,))
    catalogue.changed(s)
    return location


def test_the_snapshot_holds_what_the_tables_hold(app_on: Flask) -> None:
    with writing() as s:
        location = make_saya(s)
        late = a_service(s, slug="talk", minutes=40)
        old = a_room(s, location, (late,), name="Old")
        old.retired_on = date(2026, 1, 1)
        start = datetime(2100, 12, 1, 4, 0, tzinfo=UTC)
        s.add(Closure(location_id=location.id, starts_at=start, ends_at=start.replace(hour=6), reason=Text3()))
        s.add(Decree(day=date(2026, 12, 17), kind="off", name=text3("Bridge")))
        s.add(
            PlaceName(
                key="almaty", kind="city", name=text3("Almaty"), other_names="Алма-Ата; Alma-Ata", lat=43.2, lng=76.9
            )
        )
    cat = now_known()
    saya = cat.by_slug[location.slug]
    assert cat.locations[location.id] is saya
    assert (saya.organization.en, saya.languages, saya.hours, saya.hours_ph) == (
        "org", ("kk", "ru"), "Mo-Fr 14:00-21:00", "off",
    )  # fmt: skip
    assert [room.services for room in saya.rooms] == [frozenset({cat.service_by_slug["check"].id})]
    assert set(saya.services) == {cat.service_by_number[1].id, cat.service_by_slug["talk"].id}
    assert [(closure.room_id, closure.starts_at) for closure in saya.closures] == [(None, start)]
    assert cat.decrees[date(2026, 12, 17)].kind == "off"
    assert cat.places[0].other_names == ("Алма-Ата", "Alma-Ata")


def test_an_unchanged_directory_costs_one_query(app_on: Flask) -> None:
    with writing() as s:
        make_saya(s)
    first = now_known()
    with counting(db.engine) as asked, reading() as s:
        assert catalogue.current(s) is first
    assert len(asked) == 1


def test_a_change_is_seen_once_it_is_committed_and_by_its_own_writer_at_once(app_on: Flask) -> None:
    with writing() as s:
        location = make_saya(s)
    before = now_known()
    with writing() as s:
        s.execute(update(Location).where(Location.id == location.id).values(phone="+7 727 000 00 00"))
        catalogue.changed(s)
        assert catalogue.current(s).locations[location.id].phone == "+7 727 000 00 00"
        if db.engine.dialect.name == "postgresql":  # SQLite lets nobody else read the version in between
            assert now_known() is before
    assert now_known().locations[location.id].phone == "+7 727 000 00 00"


def test_a_change_that_is_rolled_back_is_never_shown(app_on: Flask) -> None:
    with writing() as s:
        location = make_saya(s)
    for phone in ("+7 727 111 11 11", "+7 727 222 22 22"):
        with Session(db.engine, execution_options={"write": True}) as s:
            s.execute(update(Location).where(Location.id == location.id).values(phone=phone))
            catalogue.changed(s)
            assert catalogue.current(s).locations[location.id].phone == phone
            s.rollback()
    with writing() as s:
        catalogue.changed(s)  # reaches the number that the lost changes had
    assert now_known().locations[location.id].phone == "+7 700 000 00 01"


def test_two_databases_in_one_process_do_not_mix(make_app: Maker) -> None:
    seen = []
    for name in ("Saya", "Jaryq"):
        make_app()
        with writing() as s:
            a_location(s, name=name)
            catalogue.changed(s)
        seen.append(now_known())
    assert [next(iter(cat.locations.values())).name.en for cat in seen] == ["Saya", "Jaryq"]
    assert seen[0].version == seen[1].version


def test_an_empty_database_has_an_empty_catalogue(app: Flask) -> None:
    assert not now_known().locations


def test_hours_that_were_stored_past_the_check_are_shown_as_not_published(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with writing() as s:
        a_location(s, hours="Mo-Fr sunrise-sunset")
        catalogue.changed(s)
    assert next(iter(now_known().locations.values())).hours == ""
    assert "cannot be read" in caplog.text


def test_a_snapshot_cannot_be_changed(app: Flask) -> None:
    with writing() as s:
        location = make_saya(s)
    cat = now_known()
    with pytest.raises(AttributeError):
        cat.locations[location.id].phone = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        cat.locations[2] = cat.locations[location.id]  # type: ignore[index]


def loads(statements: list[str]) -> list[str]:
    """Those that read the directory itself, and not only its version."""
    return [one for one in statements if one.startswith("SELECT") and "FROM catalogue" not in one]


def test_a_thousand_locations_take_as_many_statements_as_one_and_load_once_for_eight_threads(app: Flask) -> None:
    with writing() as s:
        check = a_service(s)
        location = a_location(s, services=(check,))
        catalogue.changed(s)
    with counted() as one:
        now_known()
    with writing() as s:
        columns = {c.key: getattr(location, c.key) for c in Location.__mapper__.column_attrs}
        for n in range(2, 1001):
            s.add(
                Location(
                    **columns | {"id": n, "key": f"k{n}", "slug": f"s{n:04d}", "hours": f"Mo-Fr 09:{n % 60:02d}-18:00"}
                )
            )
        s.flush()
        for n in range(1, 1001):
            s.add(Room(location_id=n, key="r", name=text3("Room"), pause=0))
        catalogue.changed(s)

    def load(_n: int) -> catalogue.Catalogue:
        with app.app_context(), reading() as s:
            return catalogue.current(s)

    with counted() as thousand, ThreadPoolExecutor(8) as pool:
        loaded = set(map(id, pool.map(load, range(8))))
    assert len(loaded) == 1
    assert len(now_known().locations) == 1000
    assert len(loads(thousand)) == len(loads(one)) > 0


@pytest.mark.parametrize(
    ("bookable", "seen", "takes"),
    [
        (True, date(2026, 11, 25), True),
        (True, date(2026, 11, 18), True),
        (True, date(2026, 11, 17), False),
        (True, None, False),
        (False, date(2026, 11, 25), False),
    ],
)
def test_a_place_takes_bookings_while_its_desk_opened_the_roster_within_a_week(
    bookable: bool, seen: date | None, takes: bool
) -> None:
    place = a_place(bookable=bookable, desk_seen_on=seen)
    assert catalogue.takes_bookings(place, date(2026, 11, 25)) is takes


def test_a_request_reads_the_same_snapshot_through_its_own_session(app: Flask) -> None:
    with writing() as s:
        make_saya(s)
    assert catalogue.current(db.session()) is now_known()

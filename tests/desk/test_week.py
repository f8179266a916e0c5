"""The week beside the day: numbers and free times, no names of services, a day behind each head."""

import re
from datetime import date, timedelta

from clinic import clock
from clinic.db import db
from clinic.desk import week
from clinic.directory import catalogue
from tests.desk.conftest import Desk


def test_numbers_and_free_times_by_room_and_day(desk: Desk) -> None:
    for minutes in (0, 0, 60, 24 * 60):
        desk.woman(minutes)
    cat = catalogue.current(db.session())
    monday = date(2026, 11, 23)
    days = [monday + timedelta(days=n) for n in range(7)]
    table = week.read(db.session(), cat, cat.locations[desk.location_id], days, clock.now())
    assert [day.visits for day in table[desk.rooms[0]]] == [0, 2, 1, 0, 0, 0, 0]
    tuesday = table[desk.rooms[0]][1]
    assert [(clock.local(a).strftime("%H:%M"), clock.local(b).strftime("%H:%M")) for a, b in tuesday.free] == [
        ("20:00", "20:40"),
        ("21:00", "06:00"),
    ]
    assert table[desk.rooms[0]][0].free == (), "yesterday has nothing to give"


def test_the_page_leads_to_each_day_and_names_no_service(desk: Desk) -> None:
    desk.woman(0)
    client = desk.client()
    page = client.get(desk.url("/week")).text
    assert len(set(re.findall(rf"/roster/{desk.slug}/(2026-11-2\d|2026-11-30)\"", page))) >= 7
    assert "Quick test" not in page
    far = desk.url("/week", day=desk.day + timedelta(days=99))
    assert client.get(far).status_code == 200

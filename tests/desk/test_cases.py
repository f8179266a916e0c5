"""Cases of other systems' bug reports, by their number in the list that the project keeps."""

from datetime import UTC, datetime

import time_machine
from sqlalchemy import update

from clinic.db import writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from tests.desk.conftest import Desk, post


def test_case_2_after_midnight_the_desk_still_works_on_its_evening(desk: Desk, evening: time_machine.Traveller) -> None:
    for minutes in (0, 20, 40, 60):
        desk.woman(minutes)
    evening.move_to(datetime(2026, 11, 25, 20, 30, tzinfo=UTC))  # 01:30 on the 26th
    client = desk.client()
    here = f"/staff/roster/{desk.slug}/2026-11-25"
    assert client.get("/staff/").headers["Location"] == here
    night = desk.booked(10).appointment
    assert f"{night.ticket}:booked:here" in client.get(here).text
    assert f"{night.ticket}:booked" not in client.get(f"/staff/roster/{desk.slug}/2026-11-26").text
    evening.move_to(datetime(2026, 11, 26, 1, 0, tzinfo=UTC))  # 06:00
    client = desk.client()
    assert client.get("/staff/").headers["Location"] == f"/staff/roster/{desk.slug}/2026-11-26"
    assert desk.booked(10).appointment.ticket <= 3, "numbers begin anew with the service day"


def test_case_5_half_past_midnight_stands_on_fridays_roster(desk: Desk, evening: time_machine.Traveller) -> None:
    with writing() as s:
        s.execute(update(Location).where(Location.id == desk.location_id).values(hours="Fr-Sa 18:00-26:00"))
        catalogue.changed(s)
    evening.move_to(datetime(2026, 11, 27, 19, 0, tzinfo=UTC))  # Saturday 00:00
    ticket = desk.woman(30)
    friday = f"/staff/roster/{desk.slug}/2026-11-27"
    client = desk.client()
    assert client.get("/staff/").headers["Location"] == friday
    page = client.get(friday + "?all=1").text
    assert f"{ticket}:booked:here" in page
    assert ">18:00<" in page
    assert ">1:30<" in page
    assert ">2:30<" not in page
    assert f"{ticket}:booked" not in client.get(f"/staff/roster/{desk.slug}/2026-11-28").text


def test_case_9_her_messages_stay_in_her_language_whoever_presses(desk: Desk) -> None:
    """The desk's steps send nothing; nothing that she gets depends on the language of this page."""
    from sqlalchemy import select

    from clinic.db import reading
    from clinic.messaging.models import Message
    from clinic.passes.models import Pass

    ticket, client = desk.woman(0), desk.client()
    client.get("/en" + desk.url())
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    with reading() as s:
        assert s.scalars(select(Message)).all() == []
        assert s.scalars(select(Pass.language)).one() == "kk"


def test_case_19_two_presses_on_one_step_are_one(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    answers = [post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"}).status_code for _ in range(3)]
    assert answers == [200, 409, 409]
    assert f"{ticket}:here:in_room" in client.get(desk.url()).text

"""What the page asks every second: cheap, and never older than it says."""

from datetime import timedelta

import time_machine
from sqlalchemy import event, update

from clinic import clock
from clinic.db import Text3, db, new_rid, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure, Room
from clinic.messaging.models import Message
from tests.desk.conftest import Desk, post

POLL = {"Keshki-Poll": "1"}


def poll(client, desk: Desk, tag: str = "", tail: str = "/board"):  # type: ignore[no-untyped-def]
    return client.get(desk.url(tail), headers=POLL | ({"If-None-Match": tag} if tag else {}))


def test_nothing_new_is_304_and_any_change_is_not(desk: Desk, evening: time_machine.Traveller) -> None:
    ticket, client, other = desk.woman(0), desk.client(), desk.client("aigul")
    first = poll(client, desk)
    tag = first.headers["ETag"]
    again = poll(client, desk, tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)

    post(other, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    changed = poll(client, desk, tag)
    assert changed.status_code == 200
    assert f"{ticket}:here:in_room" in changed.text
    tag = changed.headers["ETag"]

    desk.woman(60)
    booked = poll(client, desk, tag)
    assert booked.status_code == 200
    tag = booked.headers["ETag"]

    with writing() as s:
        start = clock.now() + timedelta(hours=1)
        s.add(Closure(location_id=desk.location_id, room_id=None, starts_at=start, ends_at=start + timedelta(hours=1)))
        catalogue.changed(s)
    closed = poll(client, desk, tag)
    assert closed.status_code == 200
    assert "ap shut" in closed.text
    tag = closed.headers["ETag"]

    evening.shift(timedelta(minutes=1))
    assert poll(client, desk, tag).status_code == 200, "the minutes that people wait"


def test_the_tag_of_the_page_is_the_tag_of_its_parts(desk: Desk) -> None:
    client = desk.client()
    tag = client.get(desk.url()).text.split('data-tag="')[1].split('"')[0]
    assert poll(client, desk, f'W/"{tag}"').status_code == 304


def test_language_room_and_morning_have_tags_of_their_own(desk: Desk) -> None:
    client = desk.client("aigul")
    tails = ("/board", "/board?all=1", f"/board?room={desk.rooms[0]}", f"/board?room={desk.rooms[1]}")
    tags = [poll(client, desk, tail=tail).headers["ETag"] for tail in tails]
    tags.append(client.get("/kk" + desk.url("/board"), headers=POLL).headers["ETag"])
    assert len(set(tags)) == 5


def test_an_idle_poll_asks_the_database_five_small_questions(desk: Desk) -> None:
    for n in range(3):
        desk.woman(20 * n)
    client = desk.client()
    tag = poll(client, desk).headers["ETag"]
    asked: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert poll(client, desk, tag).status_code == 304
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    questions = [q for q in asked if q.startswith("SELECT")]
    assert len(questions) <= 5, questions
    assert not any("appointment" in q for q in questions), questions


def test_the_answer_carries_only_parts(desk: Desk) -> None:
    page = poll(desk.client(), desk).text
    assert "<html" not in page
    assert "csrf_token" not in page
    assert all(f'id="{part}"' in page for part in ("said", "free", "queue", "messages", "grid", "sheet"))


def test_messages_that_nobody_can_vouch_for_are_listed_by_number(desk: Desk) -> None:
    booked, fine = desk.booked(60), desk.booked(80)
    with writing() as s:
        for view, state in ((booked.appointment, "unknown"), (fine.appointment, "delivered")):
            s.add(
                Message(
                    rid=new_rid(), pass_id=None, about=f"appointment:{view.rid.hex()}", kind="reminder", to=b"sealed",
                    body=b"sealed", due_at=clock.now(), not_after=view.start, state=state,
                )
            )  # fmt: skip
    page = desk.client().get(desk.url()).text
    part = page.split('id="messages"')[1].split("</div>")[0]
    assert f'<b class="nm">{booked.appointment.ticket}</b>' in part
    assert f'<b class="nm">{fine.appointment.ticket}</b>' not in part


def test_opening_the_roster_counts_once_a_day(desk: Desk, evening: time_machine.Traveller) -> None:
    def seen() -> tuple[object, int]:
        cat = catalogue.current(db.session())
        db.session.rollback()
        return cat.locations[desk.location_id].desk_seen_on, cat.version

    client = desk.client()
    client.get(desk.url())
    before = seen()
    evening.shift(timedelta(hours=5))  # after midnight, still the same evening
    client = desk.client()
    client.get(desk.url())
    client.get(desk.url())
    after = seen()
    assert (str(before[0]), str(after[0])) == ("2026-11-24", "2026-11-25")
    assert after[1] == before[1] + 1
    desk.client("dala").get(desk.url(slug=desk.foreign_slug))
    assert seen()[0] == after[0]


def test_a_retired_room_keeps_its_column_while_somebody_is_in_it(desk: Desk) -> None:
    ticket = desk.woman(0)
    with writing() as s:
        for room in desk.rooms:
            s.execute(update(Room).where(Room.id == room).values(retired_on=desk.day, name=Text3(ru=f"Бывший {room}")))
        catalogue.changed(s)
    page = desk.client().get(desk.url()).text
    assert f"{ticket}:booked:here" in page
    assert "Бывший" in page


def test_who_works_in_a_room_lands_in_it_again(desk: Desk) -> None:
    clinician = desk.client("aigul")
    assert "room=" not in clinician.get("/staff/").headers["Location"]
    clinician.get(desk.url(f"?room={desk.rooms[1]}"))
    assert clinician.get("/staff/").headers["Location"] == desk.url(f"?room={desk.rooms[1]}")
    assert "room=" not in desk.client().get("/staff/").headers["Location"]

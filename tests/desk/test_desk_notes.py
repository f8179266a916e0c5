"""Notes on a visit are the clinician's; the note of a shift is for the next, and both go."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from clinic import clock, worker
from clinic.booking.models import Appointment
from clinic.db import reading
from clinic.desk.models import ShiftNote
from clinic.privacy import keys
from tests.desk.conftest import Desk, post

NOTE = "Попросила говорить тише"


def test_a_note_is_the_clinicians_alone_and_sealed(desk: Desk) -> None:
    ticket, room = desk.woman(0), f"?room={desk.rooms[0]}"
    clinician, receptionist = desk.client("aigul"), desk.client()
    kept = post(clinician, desk.url(), f"/visit/{ticket}/note", {"note": NOTE}, scripted=False)
    assert kept.status_code == 303
    assert NOTE in clinician.get(desk.url() + room).text
    assert NOTE in clinician.get(desk.url(f"/visit/{ticket}")).text
    for page in (
        receptionist.get(desk.url()),
        receptionist.get(desk.url(f"/visit/{ticket}")),
        clinician.get(desk.url()),
    ):
        assert NOTE not in page.text
    assert post(receptionist, desk.url(), f"/visit/{ticket}/note", {"note": "x"}).status_code == 404
    with reading() as s:
        assert NOTE.encode() not in s.scalars(select(Appointment.details)).one()
    too_long = post(clinician, desk.url(), f"/visit/{ticket}/note", {"note": "я" * 501}, scripted=False)
    assert too_long.status_code == 422
    assert "я" * 500 in too_long.text, "what was typed is kept"
    post(clinician, desk.url(), f"/visit/{ticket}/note", {"note": ""}, scripted=False)
    assert NOTE not in clinician.get(desk.url() + room).text


def test_the_next_shift_reads_what_this_one_left_and_takes_it_away(desk: Desk, evening: time_machine.Traveller) -> None:
    client = desk.client()
    post(client, desk.url(), "/note", {"text": "Ключ у охраны"}, scripted=False)
    evening.shift(timedelta(hours=14))
    today = desk.url(day=clock.service_day(clock.now()))
    other = desk.client("aigul")
    page = other.get(today).text
    assert "Ключ у охраны" in page
    assert "Gulnar" in page
    assert "Ключ" not in desk.client("dala").get(desk.url(slug=desk.foreign_slug)).text
    key = page.split('name="key" value="')[1].split('"')[0]
    assert post(other, today, "/noted", {"key": "x"}).status_code == 422
    assert post(other, today, "/noted", {"key": key}, scripted=False).status_code == 303
    assert "Ключ у охраны" not in other.get(today).text


def test_after_three_days_it_is_gone(desk: Desk, evening: time_machine.Traveller) -> None:
    post(desk.client(), desk.url(), "/note", {"text": "Ключ у охраны"}, scripted=False)
    with reading() as s:
        assert "Ключ".encode() not in s.scalars(select(ShiftNote.body)).one()
    evening.shift(timedelta(days=4))
    keys.ring().advance(clock.today(), leap_days=100)
    worker.forget_all(clock.now())
    with reading() as s:
        assert s.scalar(select(func.count()).select_from(ShiftNote)) == 0


@pytest.mark.parametrize("number", ["+77011112233", "8 (701) 111-22-33", "900101 300123", "٨٧٠١١١١٢٢٣٣"])
def test_no_note_takes_a_phone_or_identity_number(desk: Desk, number: str) -> None:
    text, ticket = f"Придёт за результатом, {number}", desk.woman(0)
    shift = post(desk.client(), desk.url(), "/note", {"text": text}, scripted=False)
    own = post(desk.client("aigul"), desk.url(), f"/visit/{ticket}/note", {"note": text}, scripted=False)
    for answer in (shift, own):
        assert answer.status_code == 422
        assert "Ничьих номеров" in answer.text
        assert f">{text}</textarea>" in answer.text, "what was typed is kept"
    with reading() as s:
        assert s.scalar(select(func.count()).select_from(ShiftNote)) == 0

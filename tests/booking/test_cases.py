"""What went wrong elsewhere, tried here: the cases that concern booking, named after their numbers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select
from time_machine import Traveller

from clinic import clock
from clinic.booking import appointments, book, calendar, reshape, telling
from clinic.booking.models import Appointment, LocationDay
from clinic.booking.refusals import NotASlot, ReminderUseless, SlotTaken
from clinic.db import Text3, reading, writing
from clinic.messaging import outbox, window
from clinic.passes import passes
from clinic.privacy import once
from tests.booking.place import PHONE, booked, free, now_at, open_place, wish

TUE, WED, THU = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return clock.at(day, hour * 60 + minute)


@pytest.mark.usefixtures("app")
def test_case_02_a_day_is_a_local_day_and_tickets_begin_anew_at_six(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 00:00-24:00", minutes=60)
    evening.move_to(datetime(2026, 11, 25, 20, 30, tzinfo=UTC))  # 01:30 on the 26th in Almaty
    assert clock.today() == THU
    assert clock.service_day(clock.now()) == WED
    times = free(place, kind, THU)
    assert times[0] == "01:30"
    assert "05:15" not in times, "no visit crosses 06:00"
    assert times[-1] == "23:45"
    assert "05:00" in times
    booked(wish(place, kind, local(THU, 5)))
    first_of_day = booked(wish(place, kind, local(THU, 6))).appointment
    assert 1 <= first_of_day.ticket <= 3
    cat, _ = now_at(place)
    with reading() as s:
        assert [row.start for row in appointments.for_desk(s, cat, place, WED).rows] == [local(THU, 5)]
        assert [row.start for row in appointments.for_desk(s, cat, place, THU).rows] == [local(THU, 6)]
        assert s.execute(select(func.count()).select_from(LocationDay)).scalar_one() == 2


@pytest.mark.usefixtures("evening")
def test_case_03_sixteen_send_the_same_time_at_once_and_one_has_it(app_on: Flask) -> None:
    place, kind = open_place()
    request = wish(place, kind, local(WED, 19))
    ready = Barrier(8)

    def attempt(_: int) -> str:
        with app_on.app_context():
            ready.wait()
            try:
                booked(request)
            except SlotTaken as refusal:
                return f"taken, {len(refusal.alternatives)} others"
        return "booked"

    with ThreadPoolExecutor(8) as threads:
        outcomes = [*threads.map(attempt, range(8)), *threads.map(attempt, range(8))]
    assert sorted(outcomes) == ["booked"] + 15 * ["taken, 3 others"]
    with reading() as s:
        assert s.execute(select(func.count()).select_from(Appointment)).scalar_one() == 1


@pytest.mark.usefixtures("app", "evening")
def test_case_04_no_visit_runs_into_closing_or_the_break() -> None:
    place, kind = open_place(hours="Mo-Fr 14:00-18:00,18:20-21:00", minutes=45)
    times = free(place, kind, WED)
    assert times[-1] == "20:15"
    assert times[0] == "14:00"
    assert "17:15" in times
    assert [time for time in times if "17:15" < time < "18:30"] == []
    for hour, minute in ((20, 30), (17, 30), (18, 0)):
        with pytest.raises(NotASlot) as refusal:
            booked(wish(place, kind, local(WED, hour, minute)))
        assert len(refusal.value.alternatives) == 3


@pytest.mark.usefixtures("app")
def test_case_05_a_night_belongs_to_the_evening_on_which_it_began(evening: Traveller) -> None:
    place, kind = open_place(hours="Fr-Sa 18:00-02:00", minutes=30)
    friday, saturday = date(2026, 11, 27), date(2026, 11, 28)
    evening.move_to(local(saturday, 0, 20))
    times = free(place, kind, saturday)
    assert [time for time in times if time < "06:00"] == ["00:30", "00:45", "01:00", "01:15", "01:30"]
    booked(wish(place, kind, local(saturday, 0, 30)))
    cat, _ = now_at(place)
    with reading() as s:
        assert len(appointments.for_desk(s, cat, place, friday).rows) == 1
        assert appointments.for_desk(s, cat, place, saturday).rows == ()
    friday_night = reshape.Shut(
        place, None, clock.service_day_start(friday), clock.service_day_start(saturday), Text3()
    )
    with reading() as s:
        touched = reshape.preview(s, cat, friday_night, clock.now())
    assert len(touched) == 1
    with writing() as s:
        reshape.close(s, cat, friday_night, {touched[0].row.rid: reshape.STOP}, "clerk", clock.now())
    assert [time for time in free(place, kind, saturday) if time < "18:00"] == []


@pytest.mark.usefixtures("app", "evening")
def test_case_06_after_a_move_there_is_one_reminder_at_the_new_time() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, local(WED, 19), PHONE, 120))
    cat, _ = now_at(place)
    with writing() as s:
        pass_ = passes.find(s, mine.code or "")
        appointments.move(s, cat, pass_, mine.appointment.rid, local(THU, 19), clock.now())
    with reading() as s:
        messages = outbox.of(s, telling.about(mine.appointment.rid))
    assert [(m.state, m.due_at) for m in messages] == [
        ("dropped", local(WED, 17)),
        ("waiting", local(THU, 17)),
    ]
    assert messages[0].error == "moved"
    assert messages[1].not_after == local(THU, 19)


@pytest.mark.usefixtures("app")
def test_case_07_no_reminder_is_planned_outside_the_hours_and_a_useless_one_is_refused(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 08:00-23:00")
    early = booked(wish(place, kind, local(date(2026, 11, 30), 8), PHONE, 300)).appointment
    evening.move_to(local(TUE, 22, 30))
    with pytest.raises(ReminderUseless):
        booked(wish(place, kind, local(WED, 9), PHONE, 12 * 60))
    with reading() as s:
        (message,) = outbox.of(s, telling.about(early.rid))
        assert s.execute(select(func.count()).select_from(Appointment)).scalar_one() == 1, "nothing half-written"
    assert window.is_open(message.due_at)
    assert message.due_at < local(date(2026, 11, 30), 8)


@pytest.mark.usefixtures("app", "evening")
def test_case_17_one_calendar_entry_moves_and_is_cancelled() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, local(WED, 19)))
    code, rid = mine.code or "", mine.appointment.rid
    cat, loc = now_at(place)
    files = [calendar.event(code, mine.appointment, "Кездесу", clock.now())]
    for day in (THU, date(2026, 11, 27)):
        with writing() as s:
            view = appointments.move(s, cat, passes.find(s, code), rid, local(day, 20), clock.now())
        files.append(calendar.event(code, view, "Кездесу", clock.now()))
    with writing() as s:
        view = appointments.cancel(s, cat, passes.find(s, code), rid, clock.now())
    files.append(calendar.event(code, view, "Кездесу", clock.now()))

    events = [Calendar.from_ical(file).walk("VEVENT")[0] for file in files]
    assert [int(str(event["SEQUENCE"])) for event in events] == [0, 1, 2, 3]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED"] * 3 + ["CANCELLED"]
    assert events[1].decoded("DTSTART") == local(THU, 20)
    for file in files:
        names = {line.split(b":")[0].split(b";")[0].decode() for line in file.splitlines() if not line.startswith(b" ")}
        assert names <= calendar.ALLOWED
        assert b"DTSTART:20261" in file
        assert file.count(b"\r\n") == file.count(b"\n")
        for secret in (loc.slug, code, loc.name.ru, "Keshki", "kind-20"):
            assert secret.encode() not in file
    assert b"VALARM" in files[0]
    assert b"VALARM" not in files[3]


@pytest.mark.usefixtures("app", "evening")
def test_case_19_five_taps_make_one_appointment_and_show_the_same_code() -> None:
    place, kind = open_place()
    request = wish(place, kind, local(WED, 19))
    cat, _ = now_at(place)

    def tap(body: bytes) -> once.Done:
        with writing() as s:

            def make() -> dict[str, object]:
                done = book.confirm(s, cat, request, clock.now())
                return {"code": done.code, "ticket": done.appointment.ticket}

            return once.run(s, "book", "t" * 22, body, timedelta(minutes=10), clock.now(), make)

    answers = [tap(b"19:00") for _ in range(5)]
    assert len({str(done.answer) for done in answers}) == 1
    assert [done.replayed for done in answers] == [False, True, True, True, True]
    with pytest.raises(once.Reused):
        tap(b"20:00")
    with reading() as s:
        assert s.execute(select(func.count()).select_from(Appointment)).scalar_one() == 1

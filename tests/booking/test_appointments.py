"""Moving, cancelling, and what the desk sees and sets."""

from datetime import date, datetime, timedelta

import pytest
from time_machine import Traveller

from clinic import clock
from clinic.booking import appointments, marking, reshape, telling, tickets
from clinic.booking.refusals import Gone, SlotTaken, StatusChanged, TooLate
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.messaging import outbox
from clinic.passes import passes
from tests.booking.place import PHONE, booked, free, now_at, open_place, wish

WED = date(2026, 11, 25)
EIGHT = clock.at(WED, 20 * 60)
QUARTER = timedelta(minutes=10)

pytestmark = pytest.mark.usefixtures("evening")


def move(place: int, code: str | None, rid: bytes, start: datetime) -> appointments.AppointmentView:
    cat, _ = now_at(place)
    with writing() as s:
        return appointments.move(s, cat, passes.find(s, code or ""), rid, start, clock.now())


def cancel(place: int, code: str | None, rid: bytes) -> appointments.AppointmentView:
    cat, _ = now_at(place)
    with writing() as s:
        return appointments.cancel(s, cat, passes.find(s, code or ""), rid, clock.now())


@pytest.mark.usefixtures("app_on")
def test_a_visit_moves_into_time_that_overlaps_its_own() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT))
    moved = move(place, mine.code, mine.appointment.rid, EIGHT + QUARTER)
    assert (moved.start, moved.moves, moved.ticket) == (EIGHT + QUARTER, 1, mine.appointment.ticket)
    assert move(place, mine.code, mine.appointment.rid, EIGHT + QUARTER) == moved, "a second tap changes nothing"
    assert "20:00" not in free(place, kind, WED)
    assert "20:30" in free(place, kind, WED)


@pytest.mark.usefixtures("app_on")
def test_a_move_to_a_taken_time_changes_nothing() -> None:
    place, kind = open_place()
    mine, _ = booked(wish(place, kind, EIGHT)), booked(wish(place, kind, EIGHT + 3 * QUARTER))
    with pytest.raises(SlotTaken) as refusal:
        move(place, mine.code, mine.appointment.rid, EIGHT + 3 * QUARTER)
    assert len(refusal.value.alternatives) == 3
    cat, _ = now_at(place)
    with reading() as s:
        (view,) = appointments.of_pass(s, cat, passes.find(s, mine.code or ""), clock.now())
    assert view == mine.appointment
    assert "20:00" not in free(place, kind, WED)


@pytest.mark.usefixtures("app_on")
def test_cancelling_frees_the_time_drops_the_reminder_and_keeps_the_row() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT, PHONE, 60))
    for _ in range(2):
        assert cancel(place, mine.code, mine.appointment.rid).status == "cancelled"
    assert "20:00" in free(place, kind, WED)
    with reading() as s:
        assert [m.state for m in outbox.of(s, telling.about(mine.appointment.rid))] == ["dropped"]
    with pytest.raises(Gone):
        move(place, mine.code, mine.appointment.rid, EIGHT + QUARTER)


@pytest.mark.usefixtures("app")
def test_it_is_too_late_once_the_place_says_so(evening: Traveller) -> None:
    place, kind = open_place()
    with writing() as s:
        found = s.get(Location, place)
        assert found
        found.cancel_minutes = 120
        catalogue.changed(s)
    mine = booked(wish(place, kind, EIGHT))
    evening.move_to(EIGHT - timedelta(minutes=119))
    with pytest.raises(TooLate):
        cancel(place, mine.code, mine.appointment.rid)
    with pytest.raises(TooLate):
        move(place, mine.code, mine.appointment.rid, EIGHT + timedelta(days=1))


@pytest.mark.usefixtures("app")
def test_nobody_moves_or_cancels_what_is_not_under_her_code() -> None:
    place, kind = open_place()
    mine, hers = booked(wish(place, kind, EIGHT)), booked(wish(place, kind, EIGHT + 3 * QUARTER))
    with pytest.raises(Gone):
        cancel(place, mine.code, hers.appointment.rid)
    with pytest.raises(Gone):
        move(place, mine.code, hers.appointment.rid, EIGHT - 3 * QUARTER)


@pytest.mark.usefixtures("app_on")
def test_the_desk_sets_a_status_and_the_slower_desk_learns_what_it_is() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT)).appointment
    cat, _ = now_at(place)
    with reading() as s:
        before = appointments.for_desk(s, cat, place, WED)
    with writing() as s:
        marking.set_status(s, place, mine.rid, "booked", "here", "clerk", clock.now())
    with pytest.raises(StatusChanged) as change, writing() as s:
        marking.set_status(s, place, mine.rid, "booked", "missed", "clerk", clock.now())
    assert change.value.current == "here"
    with pytest.raises(StatusChanged), writing() as s:
        marking.set_status(s, place + 1, mine.rid, "here", "done", "clerk", clock.now())
    with reading() as s:
        after = appointments.for_desk(s, cat, place, WED)
        (in_room,) = appointments.for_room(s, cat, cat.locations[place].rooms[0], WED)
    assert after.version > before.version
    assert [row.status for row in after.rows] == ["here"]
    assert not hasattr(after.rows[0], "noun")
    assert {service.id for service in in_room.services} == kind


@pytest.mark.usefixtures("app")
def test_a_card_is_found_by_number_and_letter_only() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT)).appointment
    cat, _ = now_at(place)
    with reading() as s:
        for letter in tickets.letters(mine.noun):
            row = appointments.find_by_ticket(s, cat, place, WED, mine.ticket, letter.upper())
            assert row
            assert row.rid == mine.rid
        assert appointments.find_by_ticket(s, cat, place, WED, mine.ticket, "") is None
        assert appointments.find_by_ticket(s, cat, place, WED, mine.ticket, "2") is None
        assert appointments.find_by_ticket(s, cat, place, WED + timedelta(days=1), mine.ticket, letter) is None


@pytest.mark.usefixtures("app_on")
def test_a_closure_moves_one_stops_another_and_says_whom_no_message_reaches() -> None:
    place, kind = open_place(rooms=2)
    one = booked(wish(place, kind, EIGHT, PHONE, 60, language="kk")).appointment
    two = booked(wish(place, kind, EIGHT)).appointment
    cat, _ = now_at(place)
    shut = reshape.Shut(place, None, EIGHT - QUARTER, EIGHT + QUARTER, Text3())
    with reading() as s:
        touched = reshape.preview(s, cat, shut, clock.now())
    assert {(t.row.rid, t.reachable) for t in touched} == {(one.rid, True), (two.rid, False)}
    assert all(t.options[0].start == EIGHT + 2 * QUARTER for t in touched)
    with pytest.raises(reshape.MoreTouched), writing() as s:
        reshape.close(s, cat, shut, {one.rid: reshape.MOVE}, "clerk", clock.now())
    with writing() as s:
        done = reshape.close(s, cat, shut, {one.rid: reshape.MOVE, two.rid: reshape.STOP}, "clerk", clock.now())
    assert [(row.rid, row.start) for row in done.moved] == [(one.rid, EIGHT + QUARTER)]
    assert [row.rid for row in done.stopped] == [row.rid for row in done.untold] == [two.rid]
    times = free(place, kind, WED)
    assert "20:00" not in times
    with reading() as s:
        messages = outbox.of(s, telling.about(one.rid))
    assert {(m.kind, m.state) for m in messages} == {
        ("reminder", "dropped"),
        ("reminder", "waiting"),
        ("moved", "waiting"),
    }
    cat, _ = now_at(place)
    with writing() as s:
        reshape.reopen(s, cat, place, done.closure_id, "clerk", clock.now())
    assert "20:00" in free(place, kind, WED)


@pytest.mark.usefixtures("app")
def test_the_desk_moves_one_and_new_hours_show_who_is_left_out() -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT)).appointment
    cat, _ = now_at(place)
    with writing() as s:
        row, told = reshape.move_one(s, cat, place, mine.rid, EIGHT + QUARTER, "clerk", clock.now())
    assert (row.start, told) == (EIGHT + QUARTER, False)
    with writing() as s:
        reshape.bump_ahead(s, cat.locations[place], clock.now())
        found = s.get(Location, place)
        assert found
        found.hours = "Mo-Fr 14:00-20:00"
        catalogue.changed(s)
    cat, loc = now_at(place)
    with reading() as s:
        assert [left.rid for left in reshape.stranded(s, cat, loc, clock.now())] == [mine.rid]
    with writing() as s:
        assert reshape.stop_one(s, place, mine.rid, "clerk", clock.now()) is False
    with pytest.raises(Gone), writing() as s:
        reshape.stop_one(s, place, mine.rid, "clerk", clock.now())

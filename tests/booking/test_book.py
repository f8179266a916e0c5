"""Booking one by one: what is written, what is refused and why, walking in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from time_machine import Traveller

from clinic import clock
from clinic.booking import appointments, book, placing, telling, tickets
from clinic.booking.models import Appointment, Cell
from clinic.booking.refusals import (
    NotASlot,
    NotBookable,
    NoTimeLeft,
    ReminderUseless,
    SlotTaken,
    TooFar,
    TooSoon,
)
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.messaging import outbox
from clinic.passes import passes
from clinic.passes.models import Pass
from clinic.passes.passes import PhoneNeeded
from tests.booking.place import PHONE, booked, free, now_at, open_place, wish
from tests.factories import a_location, a_room, a_service

WED = date(2026, 11, 25)
EIGHT = clock.at(WED, 20 * 60)

pytestmark = pytest.mark.usefixtures("evening")


@pytest.mark.usefixtures("app_on")
def test_a_booking_is_hers_under_a_code_and_owns_its_time_and_pause() -> None:
    place, kind = open_place(pause=5)
    done = booked(wish(place, kind, EIGHT))
    cat, _ = now_at(place)
    with reading() as s:
        (view,) = appointments.of_pass(s, cat, passes.find(s, done.code or ""), clock.now())
        cells = s.scalars(select(Cell.cell).order_by(Cell.cell)).all()
    assert view == done.appointment
    assert (view.start, view.end) == (EIGHT, EIGHT + timedelta(minutes=20))
    assert view.noun_in("kk") == tickets.noun_words(view.noun, "kk")
    assert view.forget_on == date(2026, 11, 26)
    assert [service.id for service in view.services] == list(kind)
    assert list(cells) == [clock.cell(EIGHT) + n for n in range(5)]


@pytest.mark.usefixtures("app_on")
def test_the_second_room_takes_the_second_woman_and_the_third_gets_alternatives() -> None:
    place, kind = open_place(rooms=2)
    first, second = booked(wish(place, kind, EIGHT)), booked(wish(place, kind, EIGHT))
    assert {first.appointment.room, second.appointment.room} == set(now_at(place)[1].rooms)
    assert first.appointment.ticket < second.appointment.ticket
    with pytest.raises(SlotTaken) as refusal:
        booked(wish(place, kind, EIGHT))
    minutes = [(slot.start - EIGHT).total_seconds() / 60 for _, slot in refusal.value.alternatives]
    assert minutes == [-30, -20, 20]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("start", "refused"),
    [
        (EIGHT + timedelta(minutes=5), NotASlot),
        (EIGHT + timedelta(seconds=1), NotASlot),
        (EIGHT + timedelta(hours=5), NotASlot),
        (datetime.min.replace(tzinfo=UTC), TooSoon),
        (clock.at(WED, -24 * 60 + 19 * 60), TooSoon),
        (datetime.max.replace(tzinfo=UTC), TooFar),
        (EIGHT + timedelta(days=14), TooFar),
    ],
)
def test_a_start_that_is_no_slot_is_refused_with_three_that_are(start: datetime, refused: type[NotASlot]) -> None:
    place, kind = open_place()
    with pytest.raises(refused) as refusal:
        booked(wish(place, kind, start))
    assert len(refusal.value.alternatives) == 3


@pytest.mark.usefixtures("app")
def test_services_that_no_one_room_has_together_or_that_are_walk_in_only_cannot_be_booked() -> None:
    with writing() as s:
        one, two, three = a_service(s, "one"), a_service(s, "two"), a_service(s, "three", walk_in_only=True)
        place = a_location(s)
        a_room(s, place, (one, three))
        a_room(s, place, (two,))
        catalogue.changed(s)
    for services, why in (
        ({one.id, two.id}, "no_room_for_all"),
        ({three.id}, "walk_in_only"),
        ({99}, "no_room_for_all"),
    ):
        with pytest.raises(NotBookable) as refusal:
            booked(wish(place.id, frozenset(services), EIGHT))
        assert refusal.value.why == why
        assert free(place.id, frozenset(services), WED) == []


@pytest.mark.usefixtures("app")
def test_nothing_is_offered_where_nobody_opened_the_roster_for_a_week(evening: Traveller) -> None:
    place, kind = open_place()
    evening.shift(timedelta(days=7))
    assert free(place, kind, date(2026, 12, 2)) != []
    evening.shift(timedelta(days=1))
    assert free(place, kind, date(2026, 12, 3)) == []
    with pytest.raises(NotBookable) as refusal:
        booked(wish(place, kind, clock.at(date(2026, 12, 3), 20 * 60)))
    assert refusal.value.why == "nobody_looks"


@pytest.mark.usefixtures("app_on")
def test_a_booking_does_not_trust_a_catalogue_that_has_changed_since() -> None:
    place, kind = open_place()
    request, (cat, _) = wish(place, kind, EIGHT), now_at(place)
    with writing() as s:
        found = s.get(Location, place)
        assert found
        found.hours = "Mo-Fr 14:00-19:00"
        catalogue.changed(s)
    with pytest.raises(NotASlot), writing() as s:
        book.confirm(s, cat, request, clock.now())


@pytest.mark.usefixtures("app")
def test_what_a_visit_is_for_is_sealed_and_services_of_equal_length_look_alike() -> None:
    place, kind = open_place()
    booked(wish(place, kind, EIGHT))
    with reading() as s:
        rid, box = s.execute(select(Appointment.rid, Appointment.details)).one()
    assert placing.unseal(rid, box).services == tuple(kind)
    sizes = {len(placing.seal(WED, rid, placing.Details((n,), None))) for n in (1, 9, 10, 99)}
    assert len(sizes) == 1


@pytest.mark.usefixtures("app")
def test_a_second_visit_hangs_from_the_same_pass_which_is_kept_longer() -> None:
    place, kind = open_place()
    first = booked(wish(place, kind, EIGHT))
    later = EIGHT + timedelta(days=5)
    second = booked(wish(place, kind, later, code=first.code))
    assert second.code is None
    cat, _ = now_at(place)
    with reading() as s:
        pass_ = passes.find(s, first.code or "")
        assert [view.start for view in appointments.of_pass(s, cat, pass_, clock.now())] == [EIGHT, later]
    assert pass_.forget_on == clock.local(later).date() + timedelta(days=1)


@pytest.mark.usefixtures("pg_app")
def test_who_forgets_everything_while_booking_more_is_told_that_the_code_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT))
    real = passes.find

    def find_and_forget(s: Session, code: str) -> passes.OpenPass:
        found = real(s, code)
        with writing() as other:
            passes.forget(other, found)
        return found

    more = wish(place, kind, EIGHT + timedelta(days=1), code=mine.code)
    monkeypatch.setattr(passes, "find", find_and_forget)
    with pytest.raises(book.CodeUnknown):
        booked(more)


@pytest.mark.usefixtures("app")
def test_an_unknown_code_books_nothing() -> None:
    place, kind = open_place()
    with pytest.raises(book.CodeUnknown):
        booked(wish(place, kind, EIGHT, code="ABCEH KMPTX Y2345"))
    with reading() as s:
        assert s.execute(select(func.count()).select_from(Pass)).scalar_one() == 0
        assert s.execute(select(func.count()).select_from(Cell)).scalar_one() == 0


@pytest.mark.usefixtures("app")
def test_messages_need_a_number_and_a_use() -> None:
    place, kind = open_place()
    with pytest.raises(PhoneNeeded):
        booked(wish(place, kind, EIGHT, remind=60))
    with pytest.raises(ReminderUseless):
        booked(wish(place, kind, clock.at(date(2026, 11, 24), 20 * 60), PHONE, 60))
    done = booked(wish(place, kind, EIGHT, PHONE, 60, confirm=True, language="kk"))
    with reading() as s:
        messages = outbox.of(s, telling.about(done.appointment.rid))
    assert [(m.kind, m.due_at) for m in messages] == [
        ("confirmation", clock.now()),
        ("reminder", EIGHT - timedelta(hours=1)),
    ]


@pytest.mark.usefixtures("app_on")
def test_who_walks_in_gets_the_running_cell_then_the_next_free_time_and_a_ticket() -> None:
    place, kind = open_place(pause=5)
    cat, loc = now_at(place)
    with writing() as s:
        first, noun = book.walk_in(s, cat, loc, None, kind, clock.now() + timedelta(minutes=3), "clerk")
        second, _ = book.walk_in(s, cat, loc, None, 10, clock.now(), "clerk")
    assert first.start == clock.now()
    assert second.start == first.end + timedelta(minutes=5)
    assert first.walk_in
    assert first.ticket < second.ticket
    assert 0 <= noun < len(tickets.NOUNS)
    with pytest.raises(NoTimeLeft), writing() as s:
        book.walk_in(s, cat, loc, None, 60, clock.now(), "clerk")


@pytest.mark.usefixtures("app")
def test_alternatives_come_from_the_same_town_when_the_place_is_full() -> None:
    place, kind = open_place()
    with writing() as s:
        (service,) = kind
        other = a_location(s, name="Zharyk")
        hidden = a_location(s, name="Hidden", visibility="unlisted")
        for each in (other, hidden):
            room = a_room(s, each, ())
            from clinic.directory.models import RoomService

            s.add(RoomService(room_id=room.id, service_id=service))
        found = s.get(Location, place)
        assert found
        found.desk_seen_on = None
        catalogue.changed(s)
    cat, loc = now_at(place)
    from clinic.booking import availability

    with reading() as s:
        offers = availability.alternatives(s, cat, replace(loc), kind, EIGHT, clock.now())
    assert [where.name.en for where, _ in offers] == ["Zharyk"]

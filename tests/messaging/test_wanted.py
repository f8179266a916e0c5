"""What was decided of a visit, an order or a seat says which messages may still go out: state by state."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from clinic import clock
from clinic.booking import marking, telling
from clinic.booking.models import STATUSES, Appointment
from clinic.db import reading, writing
from clinic.kits import telling as kit_telling
from clinic.kits.models import ORDER_STATUSES
from clinic.messaging import outbox, sending, wanted
from clinic.messaging.models import Message
from clinic.safety.trainings import telling as seat_telling
from tests.booking.place import booked, open_place, wish
from tests.messaging.conftest import FORGET, HERS
from tests.twilio_stand_in import StandIn

SOON = timedelta(hours=1)


def a_visit() -> tuple[int, bytes]:
    """A visit in an hour, whose reminder is due in half an hour."""
    place, kind = open_place(hours="Mo-Su 00:00-24:00")
    return place, booked(wish(place, kind, clock.now() + timedelta(minutes=60), HERS, 30)).appointment.rid


def waiting(rid: bytes) -> set[str]:
    with reading() as s:
        return {m.kind for m in outbox.of(s, telling.about(rid)) if m.state == "waiting"}


def test_every_state_of_a_visit_and_of_an_order_is_in_its_table() -> None:
    assert set(telling.VISIT.kinds) == set(STATUSES)
    assert set(kit_telling.ORDERED.kinds) == set(ORDER_STATUSES)


@pytest.mark.parametrize("to", [status for status in marking.DESK_STATUSES if status != "booked"])
def test_what_the_desk_marks_takes_back_what_waits_and_its_undo_puts_the_reminder_again(
    sms_app_on: Flask, travel: time_machine.Traveller, to: str
) -> None:
    place, rid = a_visit()
    with writing() as s:
        late = clock.now() + SOON
        outbox.put(s, None, telling.about(rid), f"{telling.LATE}:20", HERS, "x", clock.now(), late, FORGET)
        marking.set_status(s, place, rid, "booked", to, "gulnar", clock.now())
    assert waiting(rid) == set(telling.VISIT.kinds[to]) == set()
    travel.shift(timedelta(minutes=35))  # the reminder's own moment has passed meanwhile
    with writing() as s:
        marking.set_status(s, place, rid, to, "booked", "gulnar", clock.now())
    assert waiting(rid) == {telling.REMINDER}
    with reading() as s:
        again = next(m for m in outbox.of(s, telling.about(rid)) if m.state == "waiting")
    assert again.due_at == clock.now()


def test_a_reminder_that_went_out_is_not_put_again(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    place, rid = a_visit()
    travel.shift(timedelta(minutes=31))
    assert sending.work_once(clock.now()) == 1
    with writing() as s:
        marking.set_status(s, place, rid, "booked", "here", "gulnar", clock.now())
        marking.set_status(s, place, rid, "here", "booked", "gulnar", clock.now())
    assert waiting(rid) == set()


@pytest.mark.parametrize("state", ["here", "in_room", "done", "missed", "cancelled"])
def test_the_worker_looks_once_more_before_it_sends(
    sms_app_on: Flask, twilio: StandIn, travel: time_machine.Traveller, state: str
) -> None:
    a_visit()
    with writing() as s:  # whoever decided this forgot the messages
        s.execute(update(Appointment).values(status=state))
    travel.shift(timedelta(minutes=31))
    sending.work_once(clock.now())
    assert twilio.taken == []
    with reading() as s:
        assert s.execute(select(Message.state, Message.error)).one() == ("dropped", wanted.WHY)


@pytest.mark.parametrize(("owner", "state"), [
    (owner, state)
    for owner in (telling.VISIT, kit_telling.ORDERED, seat_telling.SEAT)
    for state in owner.kinds
])  # fmt: skip
def test_each_state_keeps_its_own_kinds_and_takes_the_others_back(
    sms_app: Flask, owner: wanted.Thing, state: str
) -> None:
    rid, late = bytes(16), clock.now() + SOON
    with writing() as s:
        for kind in {kind for kinds in owner.kinds.values() for kind in kinds}:
            outbox.put(s, None, owner.about(rid), kind, HERS, "x", late, late + SOON, FORGET)
        owner.follow(s, rid, state, clock.now())
    with reading() as s:
        left = {m.kind for m in outbox.of(s, owner.about(rid)) if m.state == "waiting"}
        assert left == set(owner.kinds[state])
        assert {m.error for m in outbox.of(s, owner.about(rid)) if m.state == "dropped"} <= {state}

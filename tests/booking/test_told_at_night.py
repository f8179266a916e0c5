"""Who is to come after midnight is told as well, and at once: what the desk saw beforehand is what happens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from time_machine import Traveller

from clinic import clock
from clinic.booking import appointments, rearranging, reshape, stopping, telling
from clinic.db import Text3, reading, writing
from clinic.directory.models import Location
from clinic.messaging import covers, outbox
from clinic.messaging.models import Message
from clinic.privacy import sealing
from tests.booking.place import PHONE, booked, now_at, open_place, wish
from tests.conftest import EVENING

BEFORE_MIDNIGHT = EVENING + timedelta(hours=3, minutes=20)  # 23:00
AFTER_MIDNIGHT = EVENING + timedelta(hours=4, minutes=50)  # 0:30, the same night
IN_TWO_DAYS = EVENING + timedelta(hours=47)


@dataclass(frozen=True, slots=True)
class Seen:
    """Whom a preview promises a message, and whom the act gave one."""

    promised: set[bytes]
    told: set[bytes]


def _stop(place: int) -> Seen:
    with reading() as s:
        seen = stopping.foresee(s, place, clock.now())
    with writing() as s:
        done = stopping.stop(s, now_at(place)[1], "gulnar", clock.now())
    return Seen({row.rid for row in seen.told}, {row.rid for row in done.told})


def _close(place: int) -> Seen:
    shut = reshape.Shut(place, None, clock.now(), clock.now() + timedelta(days=4), Text3())
    with reading() as s:
        touched = reshape.preview(s, now_at(place)[0], shut, clock.now())
    with writing() as s:
        answers = {one.row.rid: reshape.STOP for one in touched}
        done = reshape.close(s, now_at(place)[0], shut, answers, "gulnar", clock.now())
    return _seen(touched, done)


def _new_hours(place: int) -> Seen:
    def shorter(s) -> None:  # type: ignore[no-untyped-def]
        s.execute(update(Location).where(Location.id == place).values(hours="Mo-Su 09:00-10:00"))

    with writing() as s:
        touched = reshape.foresee(s, now_at(place)[1], shorter, clock.now())
        s.rollback()
    with writing() as s:
        answers = {one.row.rid: reshape.STOP for one in touched}
        done = reshape.change(s, now_at(place)[1], shorter, answers, clock.now())
    return _seen(touched, done)


def _one_by_one(place: int) -> Seen:
    with reading() as s:
        rows = list(appointments.live_between(s, place, clock.service_day(clock.now()), datetime.max.date()))
        promised = {row.rid for row in rows if rearranging.reachable(s, row, clock.now())}
    with writing() as s:
        told = {row.rid for row in rows if reshape.stop_one(s, place, row.rid, "gulnar", clock.now())}
    return Seen(promised, told)


def _seen(touched, done) -> Seen:  # type: ignore[no-untyped-def]
    off = {row.rid for row in done.stopped} - {row.rid for row in done.untold}
    return Seen({one.row.rid for one in touched if one.reachable}, off)


@pytest.mark.parametrize("act", [_stop, _close, _new_hours, _one_by_one])
def test_who_is_to_come_after_midnight_is_told_at_once_and_the_preview_says_so(
    demo_app: Flask, evening: Traveller, act: Callable[[int], Seen]
) -> None:
    place, services = open_place(rooms=2, hours="Mo-Su 00:00-24:00")
    starts = [BEFORE_MIDNIGHT, AFTER_MIDNIGHT, *([] if act is _stop else [IN_TWO_DAYS])]
    rids = [booked(wish(place, services, start, PHONE, 60)).appointment.rid for start in starts]
    alone = booked(wish(place, services, BEFORE_MIDNIGHT)).appointment.rid
    seen = act(place)
    assert seen.promised == seen.told == set(rids)
    texts = [
        covers.stopped("ru", BEFORE_MIDNIGHT),
        covers.called_off("ru", AFTER_MIDNIGHT),
        covers.called_off("ru", IN_TWO_DAYS),
    ]
    for rid, text in zip(rids, texts, strict=False):
        assert waiting(rid) == [(telling.STOPPED, clock.now(), text)]
    assert waiting(alone) == []


def test_late_in_the_evening_it_goes_out_in_the_morning_or_is_named_as_not_reached(
    demo_app: Flask, evening: Traveller
) -> None:
    place, services = open_place(rooms=2, hours="Mo-Su 00:00-24:00")
    night = booked(wish(place, services, AFTER_MIDNIGHT, PHONE, 60)).appointment.rid
    day = booked(wish(place, services, EVENING + timedelta(days=1), PHONE, 60)).appointment.rid
    evening.shift(timedelta(hours=2))  # 21:40
    seen = _one_by_one(place)
    assert seen.promised == seen.told == {day}
    assert waiting(night) == []
    opens = clock.at(clock.local(EVENING).date() + timedelta(days=1), 9 * 60)
    assert waiting(day) == [(telling.STOPPED, opens, covers.stopped("ru", EVENING + timedelta(days=1)))]


def waiting(rid: bytes) -> list[tuple[str, datetime, str]]:
    """What is still to go out about a visit: its kind, when, and the text."""
    with reading() as s:
        rows = s.execute(
            select(Message.rid, Message.kind, Message.due_at, Message.body).where(
                Message.about == telling.about(rid), Message.state == "waiting"
            )
        ).all()
    return [(kind, due_at, sealing.open_(outbox.BODY, key, body)) for key, kind, due_at, body in rows]

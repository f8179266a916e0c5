"""One row at least in every column that is sealed, as a day's work makes them: for tests of what happens to boxes."""

import os
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import Table, select

from clinic import clock
from clinic.booking import awaiting, book, feedback, marking, waiting
from clinic.db import Base, reading, writing
from clinic.directory import catalogue
from clinic.kits.models import KitType
from clinic.passes import passes
from clinic.privacy import keys, once, policy, tokens
from clinic.safety.alerts import check_ins, duty, signals
from clinic.safety.alerts.told import Told
from clinic.safety.referrals import codes as referrals
from clinic.safety.reports import boxes, conversations
from clinic.staff.models import Staff
from tests.desk import routes
from tests.desk.conftest import Desk, furnish
from tests.kits import shelves
from tests.safety.room import a_training, takes

PHONE = "+77010000001"


@dataclass
class World:
    """A desk with everything on it, and what opens her things."""

    desk: Desk
    code: str
    waits: str
    visit: bytes
    order: shelves.Placed
    token: str
    check_in: str
    note: bytes


def build(app: Flask) -> World:
    """Fill the database of `app`."""
    keys.ring().advance(clock.today(), leap_days=100)
    desk = furnish(app)
    routes.everybody(desk)
    now = clock.now()
    mine = a_visit(desk, 120)
    done = a_visit(desk, 60)
    waits = a_wish(desk)
    with writing() as s:
        for was, to in (("booked", "here"), ("here", "in_room"), ("in_room", "done")):
            marking.set_status(s, desk.location_id, done.appointment.rid, was, to, "gulnar", now)
        awaiting.expect(s, desk.location_id, done.appointment.rid, True, "aigul", now)
        hers = passes.find(s, done.code or "")
        feedback.answer(s, hers, done.appointment.rid, dict.fromkeys(feedback.QUESTIONS, True), "Good people", now)
        once.run(s, "book", tokens.new("book"), b"", timedelta(hours=2), now, lambda: {"n": 1})
        referrals.make(s, 1, 2, "legal", 7, "aigul", now)
    a_shift_note(desk)
    takes(a_training(desk.location_id, way="Abai 1"), phone=PHONE, tell=True)
    order = an_order(desk)
    token, check_in = signals_of(desk)
    return World(desk, mine.code or "", waits, mine.appointment.rid, order, token, check_in, a_note(desk))


def empty_columns() -> list[str]:
    """Sealed columns of which no row holds a box."""
    found = []
    with reading() as s:
        for name, kept in policy.declared(Base.metadata).items():
            table, column = name.split(".")
            if kept.how == "sealed":
                cells: Table = Base.metadata.tables[table]
                if not s.scalars(select(cells.c[column]).where(cells.c[column].is_not(None)).limit(1)).first():
                    found.append(name)
    return found


def a_visit(desk: Desk, minutes: int = 240) -> book.Booked:
    now = clock.now()
    with writing() as s:
        cat = catalogue.current(s)
        place, start = cat.locations[desk.location_id], now + timedelta(minutes=minutes)
        services = frozenset([desk.service_id])
        return book.confirm(s, cat, book.Request(place, services, start, "kk", "plain", PHONE, 30, True, None), now)


def a_wish(desk: Desk) -> str:
    with writing() as s:
        cat = catalogue.current(s)
        days = (desk.day, desk.day + timedelta(days=5))
        place, services = (cat.locations[desk.location_id],), frozenset([desk.service_id])
        request = waiting.Request(place, services, "any", *days, "ru", "plain", PHONE, True, None)
        return waiting.put(s, cat, request, clock.now()).code or ""


def a_shift_note(desk: Desk) -> None:
    from clinic.desk import shift

    with writing() as s:
        shift.write(s, desk.location_id, "Aigul", "the lamp is broken", clock.now())


def an_order(_desk: Desk) -> shelves.Placed:
    with writing() as s:
        known = s.scalar(select(KitType.id).where(KitType.letter == "B"))
        kit = known or shelves.a_kit(s, "B")
        point = shelves.a_point(s, "Locker", kind="locker")
    shelves.on_shelf(point, kit, "L7", 5)
    return shelves.ordered(point, kit, 1, PHONE)


def signals_of(_desk: Desk) -> tuple[str, str]:
    """Somebody on duty, a signal with words, a check-in: its page's token, and the check-in's code."""
    now = clock.now()
    with writing() as s:
        who = s.scalars(select(Staff.id).where(Staff.login == routes.login_of("responder"))).one()
        rid = duty.begin(s, who, 1, "Saule", "+77010000091", 8, now)
        duty.prove(s, rid, now)
        duty.beat(s, now)
        what = Told(language="ru", where="Abai 12", phone=PHONE)
        token = signals.start(s, what, now)
        signals.say(s, signals.find(s, token), "her", "behind the door", now)
        return token, check_ins.start(s, what, now + timedelta(hours=1), "1111", "2222", now)


def a_note(_desk: Desk) -> bytes:
    """A sealed note and something added; what finds it."""
    lookup = os.urandom(32)
    box = boxes.HERS + os.urandom(boxes.HERS_MORE - 1 + boxes.SIZES[0])
    with writing() as s:
        conversations.begin(s, lookup, box, clock.now())
        conversations.add(s, lookup, box, clock.now())
    return lookup

"""Migrations go up and down with rows in them, and end in the schema that the models declare."""

import re
from datetime import UTC, date, datetime

import pytest
from alembic.command import downgrade, upgrade
from alembic.config import Config
from flask import Flask
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.orm import Session

from clinic.booking.models import Appointment, Awaited
from clinic.db import Base, Text3, db
from clinic.desk.models import ShiftNote
from clinic.directory.models import Location
from clinic.heartbeat import Heartbeat
from clinic.kits.models import (
    Entry,
    Expected,
    Holding,
    KitLine,
    KitOrder,
    KitStep,
    KitType,
    Lot,
    Outcome,
    Point,
    PointKit,
)
from clinic.passes.models import Pass
from clinic.safety.alerts.models import Alert, AlertEvent, AlertWord, CheckIn, Drill, Duty
from clinic.safety.pages.models import Page, PageVersion
from clinic.safety.referrals.models import Referral
from clinic.safety.register.models import DataRequest
from clinic.safety.reports.models import Report, ReportCanary, ReportReply
from clinic.safety.trainings.models import Seat, Training
from clinic.staff.models import Staff
from clinic.start import MIGRATIONS, head, schema_state
from tests import factories
from tests.conftest import EVENING, Maker


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_app(request: pytest.FixtureRequest, make_app: Maker) -> Flask:
    """An app on a database without a single table."""
    app = make_app(request.param)
    Base.metadata.drop_all(db.engine)
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    if request.param == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION audit_is_final"))
    return app


def checks(engine: Engine) -> dict[str, set[str]]:
    """The CHECK constraints of each table, without spacing and quoting."""
    found = inspect(engine)
    return {
        table: {f"{c['name']}: {plain(str(c['sqltext']))}" for c in found.get_check_constraints(table)}
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def plain(sql: str) -> str:
    return re.sub(r'[\s()"]', "", sql).lower()


def columns(engine: Engine) -> dict[str, list[tuple[str, str, bool]]]:
    found = inspect(engine)
    return {
        table: [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)]
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def indexes(engine: Engine) -> set[tuple[str, str | None]]:
    found = inspect(engine)
    return {(t, i["name"]) for t in found.get_table_names() for i in found.get_indexes(t)}


def test_the_migrated_schema_is_the_declared_one(empty_app: Flask, make_app: Maker) -> None:
    upgrade(migrations(), "head")
    fresh = create_engine(make_app.environ(db.engine.dialect.name)["KESHKI_DATABASE_URL"])
    assert checks(db.engine) == checks(fresh)
    assert columns(db.engine) == columns(fresh)
    assert indexes(db.engine) == indexes(fresh)
    fresh.dispose()
    assert schema_state() == "current"


def a_kit_on_a_shelf(s: Session, location_id: int) -> None:
    """A row in every table of the kits."""
    today = date(2026, 11, 24)
    kit = KitType(number=1, slug="a", letter="A", name=Text3(), needs=Text3(), sample="oral", read_from=20, read_to=40)
    pass_ = Pass(rid=b"p" * 16, code_hash=b"h" * 32, language="kk", cover=b"", phone=None, forget_on=today)
    s.add_all((kit, Point(location_id=location_id, kind="clinic"), pass_))
    s.flush()
    lot = Lot(kit_type_id=kit.id, number="L1", expires_on=today)
    order = KitOrder(
        rid=b"o" * 16, pass_id=pass_.rid, point_id=location_id, status="reserved", ticket=1, noun=0,
        collect_by=today, forget_on=today,
    )  # fmt: skip
    rows = (KitStep(kit_type_id=kit.id, n=1, picture="gums", title=Text3(), text=Text3()),
            PointKit(point_id=location_id, kit_type_id=kit.id), lot, order,
            Expected(point_id=location_id, kit_type_id=kit.id, quantity=5, day=today),
            Outcome(city="Almaty", month=today, kit_type_id=kit.id, what="ordered", n=1))  # fmt: skip
    s.add_all(rows)
    s.flush()
    holding = Holding(point_id=location_id, lot_id=lot.id, on_hand=2, reserved=1)
    s.add(holding)
    s.flush()
    entry = Entry(holding_id=holding.id, kind="received", d_on_hand=2, day=today)
    s.add(entry)
    s.flush()
    s.add(KitLine(rid=b"l" * 16, order_id=order.rid, kit_type_id=kit.id, holding_id=holding.id, quantity=1,
                  entry_id=entry.id))  # fmt: skip
    s.flush()


def a_page(s: Session) -> None:
    """A page with a version."""
    day = date(2026, 11, 24)
    s.add(Page(number=10, section="rights"))
    s.flush()
    s.add(PageVersion(page=10, language="uz-cyrl", n=1, state="checked", heading="A", text="B", reviewed_on=day,
                      reviewed_by="Dana", saved_on=day, saved_by="chief"))  # fmt: skip
    s.flush()


def a_note(s: Session) -> None:
    """A row in every table of the sealed notes."""
    week = date(2026, 11, 23)
    s.add(Report(rid=b"r" * 16, lookup_hash=b"h" * 32, week=week, box=None, size_class=0, forget_on=week))
    s.add(ReportCanary(month=week, week=week, word_hash=b"w" * 32, opened_on=None))
    s.flush()
    s.add(ReportReply(report_id=b"r" * 16, n=1, hers=True, week=week, box=b"box", size_class=0))
    s.flush()


def an_entry_and_a_referral(s: Session, location: Location) -> None:
    """A row in the register, and a code that waits."""
    day = EVENING.date()
    s.add(DataRequest(organization_id=location.organization_id, day=day, authority="A", basis="B", asked="C",
                      gave="nothing", decided_by="D", written_on=day, written_by="chief"))  # fmt: skip
    s.add(Referral(code_hash=b"r" * 32, box=b"", forget_on=day))
    s.flush()


def a_seat_taken(s: Session, location_id: int) -> None:
    """A row in every table of the trainings."""
    training = Training(
        location_id=location_id, kind="digital", name=Text3(), about=Text3(), for_whom=Text3(), languages="kk",
        starts_at=EVENING, minutes=60, place="open", seats=2, taken=1,
    )  # fmt: skip
    s.add(training)
    s.flush()
    s.add(Seat(rid=b"s" * 16, training_id=training.id, pass_id=b"p" * 16, ticket=1, noun=0, forget_on=EVENING.date()))


def a_signal(s: Session, organization_id: int) -> None:
    """A row in every table of the signals."""
    now = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
    person = Staff(login="saule", name="Saule", password="x")
    drill = Drill(organization_id=organization_id, began_at=now, actor="chief")
    s.add_all((person, drill))
    s.flush()
    duty = Duty(rid=b"d" * 16, staff_id=person.id, organization_id=organization_id, shown_as="Saule", language="kk",
                began_at=now, ends_at=now, phone=b"", proof=b"")  # fmt: skip
    signal = Alert(rid=b"a" * 16, state="taken", fires_at=now, body=b"", drill_id=drill.id, taken_by=person.id,
                   taken_as="Saule", taken_at=now, forget_at=now)  # fmt: skip
    s.add_all((duty, signal, Heartbeat(lane="alerts", at=now)))
    s.flush()
    s.add_all((AlertEvent(alert_id=signal.rid, n=1, at=now, what="given"),
               AlertWord(alert_id=signal.rid, n=1, author="her", at=now, body=b""),
               CheckIn(rid=b"c" * 16, code_hash=b"h" * 32, due_at=now, body=b"", alert_id=signal.rid)))  # fmt: skip
    s.flush()


def a_day_at_the_desk(s: Session, location_id: int, room_id: int) -> None:
    """One who waits in the line, one who did not come, one for whom something is ready, a note of the shift."""
    today = date(2026, 11, 24)
    visit = {"location_id": location_id, "day": today, "start_cell": 5978880, "visit_cells": 4, "own_cells": 0,
             "noun": 0, "details": b"", "forget_on": today}  # fmt: skip
    s.add_all((
        Appointment(rid=b"1" * 16, room_id=None, ticket=1, status="here", **visit),
        Appointment(rid=b"2" * 16, room_id=room_id, ticket=2, status="missed", **visit),
        Awaited(rid=b"3" * 16, pass_id=b"p" * 16, location_id=location_id, label=b"", forget_on=today),
        ShiftNote(rid=b"4" * 16, location_id=location_id, day=today, body=b"", forget_on=today),
    ))  # fmt: skip
    s.flush()


def test_rows_survive_a_step_down_and_up(empty_app: Flask) -> None:
    from clinic.db import reading, writing
    from clinic.directory.models import Location, Room

    upgrade(migrations(), "head")
    with writing() as s:
        service = factories.a_service(s)
        location = factories.a_location(s, services=(service,))
        room = factories.a_room(s, location, (service,))
        a_kit_on_a_shelf(s, location.id)
        a_page(s)
        a_note(s)
        a_seat_taken(s, location.id)
        an_entry_and_a_referral(s, location)
        a_signal(s, location.organization_id)
        a_day_at_the_desk(s, location.id, room.id)
    if head() != "0001":
        downgrade(migrations(), "-1")
        upgrade(migrations(), "head")
    with reading() as s:
        assert s.query(Location).count() == 1
        assert s.query(Room).count() == 1


def test_down_to_nothing_and_up_again(empty_app: Flask) -> None:
    upgrade(migrations(), "head")
    downgrade(migrations(), "base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    assert schema_state() == "empty"
    upgrade(migrations(), "head")
    assert schema_state() == "current"


def test_a_deed_can_not_be_changed(app_on: Flask) -> None:
    from sqlalchemy.exc import DatabaseError

    from clinic import audit, clock
    from clinic.db import writing

    with writing() as s:
        audit.record(s, clock.now(), "aigul", "status", "27")
    with pytest.raises(DatabaseError), writing() as s:
        s.execute(text("UPDATE audit SET actor = 'nobody'"))

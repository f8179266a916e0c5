"""A point with kits on its shelf, an order that waits there: plain functions with good defaults."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import tickets
from clinic.db import writing
from clinic.directory import catalogue
from clinic.kits import orders, stock
from clinic.kits.catalogue import kits
from clinic.kits.models import KitStep, KitType, Point, PointKit
from clinic.kits.orders import OrderView, Request
from tests import factories

GTIN = {"A": "04600000000015", "B": "04600000000022"}  # their last digits check


def a_kit(s: Session, letter: str = "A") -> int:
    """A kit type that is offered: it has a step and a leaflet, and was checked."""
    row = KitType(
        number=(s.scalar(select(func.count()).select_from(KitType)) or 0) + 1,
        slug=f"kit-{letter.lower()}",
        letter=letter,
        name=factories.text3(f"Test {letter}"),
        needs=factories.text3("20 minutes"),
        sample="oral",
        read_from=20,
        read_to=40,
        leaflet="Leaflet, 2025",
        gtin=GTIN[letter],
        checked_on=date(2026, 11, 1),
        checked_by="Dr. A",
    )
    s.add(row)
    s.flush()
    step = {"title": factories.text3("Open"), "text": factories.text3("Open the bag.")}
    s.add(KitStep(kit_type_id=row.id, n=1, picture="wait", **step))
    s.flush()
    return row.id


def a_point(
    s: Session, name: str = "Dala", kind: str = "pharmacy", organization: str = "org", lat: float = 43.24
) -> int:
    """A point that is open day and night and hands over every kit there is."""
    place = factories.a_location(
        s, name, hours="Mo-Su 00:00-24:00", hours_ph="00:00-24:00", organization=organization, lat=lat,
        kind="distribution_point",
    )  # fmt: skip
    s.add(Point(location_id=place.id, kind=kind, how_to_ask=factories.text3("Say the number")))
    s.flush()
    for kit_id in s.scalars(select(KitType.id)):
        s.add(PointKit(point_id=place.id, kit_type_id=kit_id))
    catalogue.changed(s)
    s.flush()
    return place.id


@dataclass(frozen=True, slots=True)
class Placed:
    """An order and what is said at the counter."""

    view: OrderView
    code: str

    @property
    def said(self) -> str:
        return f"{self.view.ticket} {min(tickets.letters(self.view.noun))}"


def ordered(point_id: int, kit_id: int, quantity: int = 1, phone: str | None = None, waits: bool = False) -> Placed:
    """A woman orders at a point, or waits there for a delivery."""
    now = clock.now()
    with writing() as s:
        cat = catalogue.current(s)
        known = kits(s, cat)
        request = Request(
            kit=known.kit_by_id[kit_id],
            quantity=quantity,
            point=known.points[point_id],
            language="kk",
            cover="plain",
            phone=phone,
            tell_when_ready=phone is not None,
            remind=False,
            code=None,
        )
        done = (orders.wait if waits else orders.place)(s, cat, request, now)
    assert done.code is not None
    return Placed(done.order, done.code)


def on_shelf(point_id: int, kit_id: int, lot: str, quantity: int, days: int = 300) -> None:
    """Put kits of a lot that is good for `days` more days on a point's shelf."""
    today = clock.today()
    with writing() as s:
        stock.receive(s, point_id, kit_id, lot, today + timedelta(days=days), quantity, "k", today)

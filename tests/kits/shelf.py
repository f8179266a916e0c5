"""A point with kits on its shelf, and a wish for some, in one line each."""

from datetime import date

from sqlalchemy import func, select

from clinic import clock
from clinic.booking import tickets
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue
from clinic.kits import orders, stock
from clinic.kits.catalogue import KitCatalogue, KitInfo, PointInfo, kits
from clinic.kits.ledger import ENTRY, HOLDING
from clinic.kits.models import KitLine, KitOrder, KitStep, KitType, Point, PointKit
from tests.factories import a_location, text3

PHONE = "+77010000001"
TODAY = date(2026, 11, 24)
LONG = date(2027, 11, 30)
ALWAYS_OPEN = "24/7"
ACTOR = "keeper"


def a_kit(number: int = 1, checked: bool = True, steps: int = 1, leaflet: str = "a leaflet") -> int:
    """The id of a kit type that may be offered."""
    with writing() as s:
        row = KitType(
            number=number, slug=f"kit-{number}", letter="ABCDE"[number - 1], name=text3("Kit"), needs=text3("needs"),
            sample="oral", read_from=20, read_to=40, leaflet=leaflet, checked_on=TODAY if checked else None,
        )  # fmt: skip
        s.add(row)
        s.flush()
        for n in range(1, steps + 1):
            s.add(KitStep(kit_type_id=row.id, n=n, picture="gums", title=text3("Swab"), text=text3("once")))
        catalogue.changed(s)
        return row.id


def a_point(
    kit: int,
    kind: str = "pharmacy",
    hours: str = ALWAYS_OPEN,
    hold_days: int = 3,
    lat: float = 43.24,
    lng: float = 76.93,
    seen: date | None = TODAY,
    visibility: str = "open",
) -> int:
    """The id of a point that hands over one kit type; its shelf is empty."""
    with writing() as s:
        place = a_location(s, hours=hours, hours_ph=hours, lat=lat, lng=lng, seen=seen, visibility=visibility)
        s.add(Point(location_id=place.id, kind=kind, how_to_ask=Text3(), hold_days=hold_days))
        s.flush()
        s.add(PointKit(point_id=place.id, kit_type_id=kit))
        catalogue.changed(s)
        return place.id


def filled(point: int, kit: int, quantity: int, lot: str = "L1", expires_on: date = LONG) -> int:
    """Put kits on a shelf; the id of the entry."""
    with writing() as s:
        return stock.receive(s, point, kit, lot, expires_on, quantity, ACTOR, clock.today())


def now_there() -> tuple[Catalogue, KitCatalogue]:
    with reading() as s:
        cat = catalogue.current(s)
        return cat, kits(s, cat)


def point_of(point: int) -> PointInfo:
    return now_there()[1].points[point]


def kit_of(kit: int) -> KitInfo:
    return now_there()[1].kit_by_id[kit]


def wish(point: int, kit: int, quantity: int = 1, phone: str | None = None, code: str | None = None) -> orders.Request:
    """A request; with a phone she wants to be told and reminded."""
    asked = phone is not None
    return orders.Request(kit_of(kit), quantity, point_of(point), "ru", "parcel", phone, asked, asked, code)


def ordered(
    point: int, kit: int, quantity: int = 1, phone: str | None = None, code: str | None = None
) -> orders.Ordered:
    with writing() as s:
        return orders.place(s, now_there()[0], wish(point, kit, quantity, phone, code), clock.now())


def waiting(point: int, kit: int, quantity: int = 1, phone: str | None = None) -> orders.Ordered:
    with writing() as s:
        return orders.wait(s, now_there()[0], wish(point, kit, quantity, phone), clock.now())


def mine(code: str | None) -> tuple[orders.OrderView, ...]:
    from clinic.passes import passes

    with reading() as s:
        return orders.of_pass(s, now_there()[0], passes.find(s, code or ""), clock.now())


def balances() -> dict[int, tuple[int, int]]:
    """(on hand, reserved) of every holding, as the database has them."""
    with reading() as s:
        return {row.id: (row.on_hand, row.reserved) for row in s.execute(select(HOLDING))}


def shelf(point: int) -> tuple[int, int]:
    """(on hand, reserved) of a point, all lots together."""
    with reading() as s:
        row = s.execute(
            select(func.coalesce(func.sum(HOLDING.c.on_hand), 0), func.coalesce(func.sum(HOLDING.c.reserved), 0)).where(
                HOLDING.c.point_id == point
            )
        ).one()
    return int(row[0]), int(row[1])


def assert_the_ledger_agrees() -> None:
    """Balances are the sums of entries, and what is set aside is what live orders have."""
    with reading() as s:
        summed = {
            row[0]: (int(row[1]), int(row[2]))
            for row in s.execute(
                select(ENTRY.c.holding_id, func.sum(ENTRY.c.d_on_hand), func.sum(ENTRY.c.d_reserved)).group_by(
                    ENTRY.c.holding_id
                )
            )
        }
        promised = {
            row[0]: int(row[1])
            for row in s.execute(
                select(KitLine.holding_id, func.sum(KitLine.quantity))
                .join(KitOrder, KitOrder.rid == KitLine.order_id)
                .where(KitOrder.status == "reserved")
                .group_by(KitLine.holding_id)
            )
        }
    held = balances()
    assert {id_: both for id_, both in held.items() if both != (0, 0)} == {
        id_: both for id_, both in summed.items() if both != (0, 0)
    }
    assert {id_: reserved for id_, (_, reserved) in held.items() if reserved} == promised


def first_letter(order: orders.OrderView) -> str:
    return min(tickets.letters(order.noun))

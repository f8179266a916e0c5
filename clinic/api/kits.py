"""Self-test kits over the JSON face: which there are, where they are handed over, ordering, finding, cancelling."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from clinic import clock
from clinic.api import meant, speech
from clinic.api.appointments import NO_MESSAGES, USELESS
from clinic.api.face import (
    BODY_REFUSALS,
    answered,
    answers,
    operation,
    read_json,
    reading,
    refuses,
    takes_body,
    takes_query,
)
from clinic.api.fields import outside
from clinic.api.idempotency import PARAMETER, key, once_per_key
from clinic.api.locations import position_of, spot_of
from clinic.api.problems import Refusal, invalid
from clinic.api.schemas import (
    LIMIT,
    KitList,
    KitOrder,
    KitOrderBody,
    KitsOrdered,
    LangQuery,
    OrderCodeBody,
    PointList,
    PointsQuery,
    PointsSearch,
)
from clinic.booking import cities
from clinic.db import db, writing
from clinic.db import reading as reading_session
from clinic.directory import catalogue, gazetteer
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import NotFound, Spot
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import collecting, orders, refusals, routing, serving, showing, stock, telling
from clinic.kits.catalogue import KitCatalogue, KitInfo, PointInfo, takes_orders
from clinic.kits.orders import Ordered, OrderView
from clinic.messaging import enabled as messages_enabled
from clinic.messaging import window
from clinic.passes import passes, phones
from clinic.passes.passes import OpenPass
from clinic.privacy.limits import BOOKINGS, limit, missed

UNKNOWN_KIT = _l("We know no such kit.")
UNKNOWN_POINT = _l("We know no such point.")
NOT_HANDED_OUT = _l("This point does not hand this out.")
NO_POINT = _l("No point near this position takes orders for this now.")
Act = Callable[[Session, Catalogue, orders.Request, datetime], Ordered]
TRIED = 20  # points that are looked at for one order

_CHANGE_REFUSALS = {**BODY_REFUSALS, 404: ("not_found",), 422: ("invalid",), 429: ("too_many",)}


@operation("/kits", "GET")
@reading
@refuses({422: ("invalid",)})
@answers(200, KitList)
@takes_query(LangQuery)
def list_kits(_asked: dict[str, Any]) -> Response:
    """Which self-test kits there are, and when their answer may be read."""
    s, language = db.session(), speech.language()
    known = kit_catalogue.kits(s, catalogue.current(s))
    return answered({"kits": [_kit(kit, language) for kit in showing.shown(known)]})


@operation("/points", "GET")
@reading
@refuses({422: ("invalid",)})
@answers(200, PointList)
@takes_query(PointsQuery)
def list_points(asked: dict[str, Any]) -> Response:
    """Points that hand out kits, the nearest first.

    `q` goes before `near`: who types a town means that town. Without either, all points, without
    distances. A point that is reached only by its link is never listed.
    """
    return _list(asked)


@operation("/points/search", "POST")
@reading
@refuses({**BODY_REFUSALS, 422: ("invalid",)})
@answers(200, PointList)
@takes_body(PointsSearch)
def search_points(asked: dict[str, Any]) -> Response:
    """The same as GET /points, with a position that stands in no address and in no log."""
    return _list(asked)


@operation("/kit-orders", "POST", [PARAMETER])
@limit(BOOKINGS, "order")
@refuses(
    {
        **BODY_REFUSALS,
        404: ("not_found",),
        409: ("out_of_stock", "not_bookable", "idempotency_busy"),
        422: ("invalid", "idempotency_reused"),
        429: ("too_many",),
    }
)
@answers(201, KitsOrdered)
@takes_body(KitOrderBody)
def order_kits(asked: dict[str, Any]) -> Response:
    """Order kits, at the `point` she chose or at the best one `near` her. Her code is in this answer and nowhere else.

    Repeat the request with the same Idempotency-Key when the answer was lost: it orders once. A point
    that was named and has none left refuses with 409; near a position the order waits for a delivery
    instead (`backordered`). What opens a locker or a parcel at the post stands under her code at /mine.
    """
    key()
    language = asked.get("language", speech.language())
    speech.use(language)
    now, phone = clock.now(), _phone(asked)

    def make(s: Session) -> dict[str, Any]:
        cat = catalogue.current(s)
        known = kit_catalogue.kits(s, cat)
        kit = _kit_named(known, asked["kit"])
        wish = _Wish(cat, kit, asked, language, phone, now)
        try:
            done = _at_point(s, known, wish) if "point" in asked else _near(s, known, wish)
        except refusals.OutOfStock as none:
            raise Refusal(409, "out_of_stock") from none
        except refusals.PointClosed as closed:
            raise Refusal(409, "not_bookable") from closed
        except refusals.TooMany as many:
            raise invalid({"quantity": [outside(1, many.limit)]}) from many
        except refusals.NotOffered as withdrawn:  # while we looked
            raise invalid({"kit": [UNKNOWN_KIT]}) from withdrawn
        except passes.CodeUnknown as unknown:
            missed()
            raise Refusal(404, "not_found") from unknown
        return {"code": done.code, **_order(done.order, language)}

    return answered(once_per_key(read_json(request.get_data()), now, make), 201)


@operation("/kit-orders/find", "POST")
@refuses(_CHANGE_REFUSALS)
@answers(200, KitOrder)
@takes_body(OrderCodeBody)
def find_kit_order(asked: dict[str, Any]) -> Response:
    """The order that her code opens: the one to be collected next, or the latest when none waits."""
    with reading_session() as s:
        pass_, order = _opened(s, catalogue.current(s), asked, clock.now())
        return answered(_order(order, pass_.language))


@operation("/kit-orders/cancel", "POST")
@refuses({**_CHANGE_REFUSALS, 409: ("too_late",)})
@answers(200, KitOrder)
@takes_body(OrderCodeBody)
def cancel_kit_order(asked: dict[str, Any]) -> Response:
    """Cancel it; the kits are free for others at once. Cancelling again changes nothing; collected kits stay hers."""
    now = clock.now()
    with writing() as s:
        cat = catalogue.current(s)
        pass_, order = _opened(s, cat, asked, now)
        try:
            done = orders.cancel(s, cat, pass_, order.rid, now)
        except refusals.Gone as gone:
            raise Refusal(409, "too_late") from gone
    return answered(_order(done, pass_.language))


# ---- where -----------------------------------------------------------------------------------


def _list(asked: Mapping[str, Any]) -> Response:
    if "lang" in asked:
        speech.use(asked["lang"])
    now, s = clock.now(), db.session()
    cat = catalogue.current(s)
    known = kit_catalogue.kits(s, cat)
    kits = (_kit_named(known, asked["kit"]),) if "kit" in asked else showing.shown(known)
    spot = spot_of(cat, asked)
    if isinstance(spot, NotFound):
        return answered({"points": [], "understood": meant.understood(asked, spot)})
    wanted = frozenset(kit.id for kit in kits)
    points = _nearest(known, wanted, spot)[: asked.get("limit", LIMIT)]
    ready, language = _with_stock(s, points, wanted, now), speech.language()
    rows = [_point(point, spot, point.id in ready, language) for point in points]
    return answered({"points": rows, "understood": meant.understood(asked, spot)})


def _nearest(known: KitCatalogue, wanted: frozenset[int], spot: Spot | None) -> list[PointInfo]:
    """Points that may be listed and hand out one of the kits; those that can't be measured come last."""
    found = [p for p in known.points.values() if catalogue.listed(p.location) and p.kits & wanted]
    if spot is None:
        return found

    def far(point: PointInfo) -> tuple[bool, int]:
        if point.measured is None:
            return (True, 0)
        return (False, gazetteer.distance_m(spot.lat, spot.lng, *point.measured))

    return sorted(found, key=far)


def _with_stock(s: Session, points: Sequence[PointInfo], wanted: frozenset[int], now: datetime) -> set[int]:
    """The ids of those that would set one of the kits aside now, still good on the last day to collect it."""
    today = clock.local(now).date()
    lasts = {
        point.id: collecting.collect_by(point, today)
        for point in points
        if takes_orders(point, today) and collecting.opens_in_time(point, now)
    }
    found: set[int] = set()
    for kit_id in sorted(wanted) if lasts else ():
        free = stock.free(s, kit_id, today, today, lasts)
        handing = (point for point in points if point.id in lasts and kit_id in point.kits)
        found |= {p.id for p in handing if any(one.expires_on >= lasts[p.id] for one in free.get(p.id, ()))}
    return found


# ---- ordering --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked, as orders want it."""

    cat: Catalogue
    kit: KitInfo
    asked: Mapping[str, Any]
    language: str
    phone: str | None
    now: datetime

    def at(self, point: PointInfo, distance_m: int | None) -> orders.Request:
        """An order of kits that are there: a reminder before the last day, where it comes in time."""
        until = collecting.until(point, collecting.collect_by(point, clock.local(self.now).date()))
        reminded = window.due(until, telling.REMIND_MINUTES, self.now) is not None
        if self.phone is not None and not reminded and window.news_at(until, self.now) is None:
            raise invalid({"phone": [USELESS]})
        return self._request(point, distance_m, self.phone is not None and not reminded)

    def waiting(self, point: PointInfo, distance_m: int | None) -> orders.Request:
        """An order of kits that are waited for: she is told when they are there."""
        return self._request(point, distance_m, self.phone is not None)

    def _request(self, point: PointInfo, distance_m: int | None, tell: bool) -> orders.Request:
        return orders.Request(
            kit=self.kit,
            quantity=self.asked["quantity"],
            point=point,
            language=self.language,
            cover=self.asked.get("cover", "plain"),
            phone=self.phone,
            tell_when_ready=tell,
            remind=self.phone is not None,
            code=self.asked.get("code"),
            distance_m=distance_m,
        )


def _at_point(s: Session, known: KitCatalogue, wish: _Wish) -> Ordered:
    """Order at the point she named; who has the link of an unlisted one has it."""
    place = cities.at_link(wish.cat, wish.asked["point"])
    point = None if place is None else known.points.get(place.id)
    if point is None:
        raise invalid({"point": [UNKNOWN_POINT]})
    if wish.kit.id not in point.kits:
        raise invalid({"point": [NOT_HANDED_OUT]})
    return orders.place(s, wish.cat, wish.at(point, None), wish.now)


def _near(s: Session, known: KitCatalogue, wish: _Wish) -> Ordered:
    """Order at the best point; where none has enough, wait at the best of those.

    Each try has its own savepoint: what a point was locked for is let go when it was no use, so that
    two orders never hold points in different order.
    """
    proposals = _proposed(s, known, position_of(wish.cat, wish.asked["near"]), wish)
    for act, request_ in _tries(proposals, wish):
        try:
            with s.begin_nested():
                return act(s, wish.cat, request_, wish.now)
        except (refusals.OutOfStock, refusals.PointClosed, refusals.NotOffered):
            continue  # others were faster, or it closed meanwhile
    raise invalid({"near": [NO_POINT]})


def _tries(proposals: Sequence[routing.Proposal], wish: _Wish) -> Iterator[tuple[Act, orders.Request]]:
    for one in proposals:
        if one.in_stock:
            yield orders.place, wish.at(one.point, one.distance_m)
    for one in proposals:
        yield orders.wait, wish.waiting(one.point, one.distance_m)


def _proposed(s: Session, known: KitCatalogue, spot: Spot, wish: _Wish) -> tuple[routing.Proposal, ...]:
    today = clock.local(wish.now).date()
    free = stock.free(s, wish.kit.id, today, today)
    expected = serving.expected(s, wish.kit.id, wish.asked["quantity"], today)
    wanted = routing.Wish(wish.kit.id, wish.asked["quantity"], None, None)
    return routing.propose(known.points.values(), free, spot, wanted, wish.now, TRIED, expected)


def _phone(asked: Mapping[str, Any]) -> str | None:
    """Her number, typed for messages alone."""
    if "phone" not in asked:
        return None
    if not messages_enabled():
        raise invalid({"phone": [NO_MESSAGES]})
    try:
        return phones.parse(asked["phone"])
    except phones.PhoneError as error:
        raise invalid({"phone": [error.message]}) from error


def _kit_named(known: KitCatalogue, slug: str) -> KitInfo:
    """A kit that is offered. Raises Refusal 422 on `kit`."""
    kit = known.kit_by_slug.get(slug)
    if kit is None or kit not in showing.shown(known):
        raise invalid({"kit": [UNKNOWN_KIT]})
    return kit


def _opened(s: Session, cat: Catalogue, asked: Mapping[str, Any], now: datetime) -> tuple[OpenPass, OrderView]:
    """What her code opens, and which order is meant. Raises Refusal 404, the same for every reason."""
    try:
        pass_ = passes.find(s, asked["code"])
    except passes.CodeUnknown as unknown:
        missed()
        raise Refusal(404, "not_found") from unknown
    found = orders.of_pass(s, cat, pass_, now)
    if "ticket" in asked:
        found = tuple(order for order in found if order.ticket == asked["ticket"])
    if not found:
        raise Refusal(404, "not_found")
    return pass_, found[0] if found[0].status in orders.LIVE else found[-1]


# ---- what is told ----------------------------------------------------------------------------


def _kit(kit: KitInfo, language: str) -> dict[str, Any]:
    return {
        "slug": kit.slug,
        "name": kit.name[language],
        "sample": kit.sample,
        "read_minutes": [kit.read_from, kit.read_to],
    }


def _point(point: PointInfo, spot: Spot | None, in_stock: bool, language: str) -> dict[str, Any]:
    """A point as the face tells it. Of one that shows its district only, no address."""
    place = point.location
    return {
        "slug": place.slug,
        "name": place.name[language],
        "address": None if place.visibility == "district" else place.address[language] or None,
        "distance_m": None if spot is None else routing.told_m(spot, point),
        "hours": place.hours,
        "in_stock": in_stock,
    }


def _order(order: OrderView, language: str) -> dict[str, Any]:
    return {
        "status": order.status,
        "point": order.point.location.slug,
        "collect_by": None if order.collect_by is None else order.collect_by.isoformat(),
        "ticket": {"number": order.ticket, "noun": order.noun_in(language)},
    }

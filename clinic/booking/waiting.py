"""The waiting list: any of these times at any of these places. Who asked first hears first; nothing is held.

A wish hangs from a pass. It keeps its place in the line, its days and its places; what it is for, the
part of the day and whether she wants an SMS are sealed. Free times are worked out whenever they are
needed, from the same arithmetic as everywhere else. A wish ends when she books a time that it waited
for, when she ends it, or with its last day. Telling is done by `calling`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability
from clinic.booking.fitting import PARTS, Free, WishView, fitting
from clinic.booking.models import Wish, WishLocation, WishTold
from clinic.booking.refusals import Gone, NotBookable
from clinic.db import new_rid
from clinic.directory.catalogue import Catalogue, LocationInfo, takes_bookings
from clinic.messaging import outbox
from clinic.messaging.models import Message
from clinic.passes import passes
from clinic.passes.passes import OpenPass
from clinic.privacy import sealing

MOST_PLACES = 8
MOST_WISHES = 3  # under one pass
LONGEST_DAYS = 14
DETAILS = "wish.details"
FREE = "free"  # the kind of message that tells a free time
_DAY = timedelta(days=1)
_LINE_LOCK = 0x4B65776C  # PostgreSQL: places in the line are given, and people in it are told, one after another


class TooMany(Exception):
    """Under this pass there are as many wishes as there may be."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is sealed of a wish: services by id, the part of the day, whether she wants to be told by SMS."""

    services: frozenset[int]
    part: str
    tell: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What she asks for, parsed; days are service days, `phone` in E.164, `code` of an open pass."""

    locations: tuple[LocationInfo, ...]
    services: frozenset[int]
    part: str
    first_day: date
    last_day: date
    language: str
    cover: str
    phone: str | None
    tell: bool
    code: str | None


@dataclass(frozen=True, slots=True)
class Put:
    """A wish that is hers, and the code of its pass: None when she came with one."""

    code: str | None
    wish: WishView


def about(rid: bytes) -> str:
    """The name by which messages of a wish are found."""
    return f"wish:{rid.hex()}"


def put(s: Session, cat: Catalogue, request: Request, now: datetime) -> Put:
    """Stand in line. `s` writes, and the caller commits. Times that are free already count as known to her.

    Raises NotBookable when none of the places can do it, CodeUnknown, PhoneNeeded, TooMany.
    """
    today = clock.local(now).date()
    places = [loc for loc in request.locations if takes_bookings(loc, today)]
    places = [loc for loc in places if availability.rooms_for(cat, loc, request.services)][:MOST_PLACES]
    if not places:
        raise NotBookable(NotBookable.NO_ROOM_FOR_ALL)
    alone(s)
    first_day = max(request.first_day, clock.service_day(now))
    last_day = min(request.last_day, first_day + LONGEST_DAYS * _DAY)
    forget_on = last_day + _DAY
    pass_, code = passes.for_more(
        s, request.code, request.language, request.cover, request.phone, request.tell, forget_on
    )
    if len(_rows(s, pass_)) >= MOST_WISHES:
        raise TooMany
    rid = new_rid()
    details = Details(request.services, request.part, request.tell)
    s.execute(
        insert(Wish).values(
            rid=rid,
            pass_id=pass_.rid,
            queue=1 + (s.scalar(select(func.max(Wish.queue))) or 0),
            first_day=first_day,
            last_day=last_day,
            details=_seal(forget_on, rid, details),
            told_at=None,
            forget_on=forget_on,
        )
    )
    s.execute(insert(WishLocation), [{"wish_id": rid, "location_id": loc.id} for loc in places])
    view = _view(cat, rid, places, details, (first_day, last_day), forget_on)
    know(s, rid, fitting(s, cat, view, now))
    return Put(code, view)


def of_pass(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> tuple[WishView, ...]:
    """Her wishes that are not over, in the order in which she put them."""
    today = clock.service_day(now)
    rows = [row for row in _rows(s, pass_) if row.last_day >= today]
    places = places_of(s, cat, [row.rid for row in rows])
    return tuple(
        _view(cat, row.rid, places[row.rid], unseal(row.rid, row.details), (row.first_day, row.last_day), row.forget_on)
        for row in rows
    )


def know(s: Session, rid: bytes, free: Iterable[Free]) -> None:
    """Write down that she knows of these times."""
    rows = [{"wish_id": rid, "location_id": one.key[0], "start_cell": one.key[1]} for one in free]
    if rows:
        s.execute(insert(WishTold), rows)


def end(s: Session, pass_: OpenPass, rid: bytes) -> None:
    """She waits no longer. `s` writes. Raises Gone."""
    if s.execute(select(Wish.rid).where(Wish.rid == rid, Wish.pass_id == pass_.rid)).first() is None:
        raise Gone
    _delete(s, [rid])


def served(s: Session, pass_id: bytes, location_id: int, start: datetime) -> None:
    """She has booked: what she waited for at this place and time has come, so those wishes end. `s` writes."""
    day = clock.service_day(start)
    rows = s.execute(
        select(Wish.rid, Wish.details)
        .join(WishLocation, WishLocation.wish_id == Wish.rid)
        .where(
            Wish.pass_id == pass_id,
            WishLocation.location_id == location_id,
            Wish.first_day <= day,
            Wish.last_day >= day,
        )
    ).all()
    hour = (start - clock.at(day, 0)) / timedelta(hours=1)
    fits = [PARTS[unseal(row.rid, row.details).part] for row in rows]
    _delete(s, [row.rid for row, (begin, end_) in zip(rows, fits, strict=True) if begin <= hour < end_])


def silence(s: Session, pass_: OpenPass, now: datetime) -> None:
    """She wants no SMS any more: her wishes stay, what waits to be sent does not. `s` writes."""
    for row in _rows(s, pass_):
        details = unseal(row.rid, row.details)
        if details.tell:
            box = _seal(row.forget_on, row.rid, replace(details, tell=False))
            s.execute(update(Wish).where(Wish.rid == row.rid).values(details=box))
        outbox.drop(s, about(row.rid), None, now)


def forget(s: Session, now: datetime, batch: int) -> int:
    """Delete wishes whose day has passed, with their messages; how many."""
    old = s.scalars(
        select(Wish.rid).where(Wish.forget_on < clock.local(now).date()).limit(batch).with_for_update(skip_locked=True)
    ).all()
    _delete(s, list(old))
    return len(old)


def places_of(s: Session, cat: Catalogue, rids: list[bytes]) -> dict[bytes, list[LocationInfo]]:
    """The places of some wishes, in the order of their ids; those that are gone are left out."""
    found: dict[bytes, list[LocationInfo]] = {rid: [] for rid in rids}
    rows = s.execute(
        select(WishLocation.wish_id, WishLocation.location_id)
        .where(WishLocation.wish_id.in_(rids))
        .order_by(WishLocation.location_id)
    )
    for rid, location_id in rows:
        if location_id in cat.locations:
            found[rid].append(cat.locations[location_id])
    return found


def unseal(rid: bytes, box: bytes) -> Details:
    """The details of a wish; without any service, so that nothing fits it, where the box does not open."""
    try:
        content = json.loads(sealing.open_(DETAILS, rid, box))
    except sealing.Unreadable:
        return Details(frozenset(), "any", False)
    return Details(frozenset(content["services"]), content["part"], bool(content["tell"]))


def alone(s: Session) -> None:
    """Wait until nobody else gives places in the line or tells who stands in it; until the transaction ends."""
    if s.get_bind().dialect.name == "postgresql":
        s.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LINE_LOCK})


def _seal(forget_on: date, rid: bytes, details: Details) -> bytes:
    content = {"services": sorted(details.services), "part": details.part, "tell": int(details.tell)}
    return sealing.seal(forget_on, DETAILS, rid, json.dumps(content, separators=(",", ":")))


def _rows(s: Session, pass_: OpenPass) -> list[Any]:
    return list(
        s.execute(
            select(Wish.rid, Wish.first_day, Wish.last_day, Wish.details, Wish.forget_on)
            .where(Wish.pass_id == pass_.rid)
            .order_by(Wish.queue)
        )
    )


def _view(
    cat: Catalogue,
    rid: bytes,
    places: Iterable[LocationInfo],
    details: Details,
    days: tuple[date, date],
    forget_on: date,
) -> WishView:
    services = tuple(cat.services[number] for number in sorted(details.services) if number in cat.services)
    return WishView(rid, tuple(places), services, details.part, *days, details.tell, forget_on)


def _delete(s: Session, rids: list[bytes]) -> None:
    if rids:
        s.execute(select(Wish.rid).where(Wish.rid.in_(rids)).order_by(Wish.rid).with_for_update())
        s.execute(delete(Message).where(Message.about.in_([about(rid) for rid in rids])))
        s.execute(delete(Wish).where(Wish.rid.in_(rids)))

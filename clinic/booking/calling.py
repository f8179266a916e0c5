"""Telling those who wait that a time is free: in the order of the line, each once for each time.

The worker compares what is free with what each of them knows already (`wish_told`). That says all: it
does not matter why a time became free, nor whether a worker died on the way, since telling and knowing
are one transaction. What was taken meanwhile is no longer known, so that it is told again if it frees
again. At a place and day no more are told at once than there is room for; who comes next in the line
hears after a pause, if there is still room. A message holds nothing, and none is put that could not go
out today: what it says would be stale tomorrow.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from flask import current_app
from sqlalchemy import delete, select, text, tuple_, update
from sqlalchemy.orm import Session

from clinic import clock, messaging
from clinic.booking import fitting, taken, waiting
from clinic.booking.fitting import Free
from clinic.booking.models import Wish, WishTold
from clinic.booking.waiting import FREE
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue
from clinic.messaging import covers, outbox, window
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass

PAUSE = timedelta(minutes=20)  # then the next in the line hears of what is still free
REST = timedelta(hours=3)  # between two messages to the same woman
TOO_LATE = timedelta(minutes=30)  # a time that begins sooner is not told
PAUSE_STEP = timedelta(minutes=1)  # how often to look whether a pause is over
LOOK_AGAIN = timedelta(minutes=5)  # even where nothing seems to have changed
EXTENSION = "keshki.booking.calling"

Key = tuple[int, int]  # place and cell

_MARK = text(
    "SELECT (SELECT version FROM catalogue WHERE id = 1), (SELECT COUNT(*) FROM wish), (SELECT MAX(queue) FROM wish),"
    " (SELECT COUNT(*) FROM location_day), (SELECT COALESCE(SUM(version), 0) FROM location_day)"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One woman to be told: of `times`, of which `first` stands in the message.

    `also`: her other wishes, and which of these times they waited for.
    """

    rid: bytes
    pass_: OpenPass
    first: Free
    times: tuple[Free, ...]
    also: dict[bytes, tuple[Free, ...]]
    forget_on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now: whom to tell, and which of the times that are known are no longer free.

    `passes`: wish → pass, of all that is touched. `held_back`: somebody waits for a pause or for the hours.
    """

    calls: tuple[Call, ...]
    taken: dict[bytes, set[Key]]
    idle: tuple[bytes, ...]  # none of the times it knows is free: what waits to be sent about it is dropped
    passes: dict[bytes, bytes]
    held_back: bool


def run(now: datetime) -> int:
    """Tell whoever is to be told at `now`; how many. Cheap while nothing has changed."""
    if not messaging.enabled():
        return 0
    with reading() as s:
        mark = (*s.execute(_MARK).one(), _may_send(now))
        if not mark[1]:
            return 0
        known = current_app.extensions.get(EXTENSION)
        if known is not None and known[0] == mark and now < known[1]:
            return 0
        found = plan(s, catalogue.current(s), now)
    told = 0
    if found.passes:
        with writing() as s:
            told = carry_out(s, found.passes, now)
    wake = now + (PAUSE_STEP if found.held_back or told else LOOK_AGAIN)
    current_app.extensions[EXTENSION] = (mark, wake)
    return told


def carry_out(s: Session, touched: dict[bytes, bytes], now: datetime) -> int:
    """Plan again with these wishes held, and do it; how many were told. `s` writes.

    Who is to be told and was not held, since she came or changed her wish meanwhile, is told at the next
    look, and nobody after her before that.
    """
    waiting.alone(s)
    held = _held(s, touched)
    found = plan(s, catalogue.current(s), now)  # what was ended or silenced before it was held counts
    for rid, keys in found.taken.items():
        if rid in held:
            key = tuple_(WishTold.location_id, WishTold.start_cell)
            s.execute(delete(WishTold).where(WishTold.wish_id == rid, key.in_(sorted(keys))))
    for rid in held.intersection(found.idle):
        outbox.drop(s, waiting.about(rid), (FREE,), now, "taken")
    calls = list(takewhile(lambda call: held.issuperset((call.rid, *call.also)), found.calls))
    for call in calls:
        _tell(s, call, now)
    return len(calls)


def _held(s: Session, touched: dict[bytes, bytes]) -> set[bytes]:
    """The wishes that nobody takes away until the transaction ends; passes before wishes, as forgetting does."""
    there = set()
    for pass_id in sorted(set(touched.values())):
        with suppress(CodeUnknown):
            passes.hold(s, passes.of(s, pass_id))
            there.add(pass_id)
    wanted = sorted(rid for rid, pass_id in touched.items() if pass_id in there)
    return set(s.scalars(select(Wish.rid).where(Wish.rid.in_(wanted)).order_by(Wish.rid).with_for_update()))


def plan(s: Session, cat: Catalogue, now: datetime) -> Plan:
    """Whom to tell of what, as things stand. Changes nothing."""
    rows = _line(s, now)
    if not rows:
        return Plan((), {}, (), {}, False)
    knows, fits = _known(s, rows), _fitting(s, cat, rows, now)
    just_told, last_told = _just_told(s, rows, knows, now), _last_told(rows)
    gone: dict[bytes, set[Key]] = {}
    for row in rows:
        if lost := knows[row.rid] - {one.key for one, _seats in fits[row.rid]}:
            gone[row.rid] = lost
            knows[row.rid] -= lost
    touched = {row.rid: row.pass_id for row in rows if row.rid in gone}
    calls, held_back = [], False
    for row in rows:
        new = [one for one in fits[row.rid] if one[0].key not in knows[row.rid]]
        fresh = [one for one, seats in new if one.slot.start >= now + TOO_LATE and just_told[one.day] < seats]
        pass_ = _to_tell(s, row) if new else None
        if pass_ is None:
            continue
        if not fresh or last_told.get(row.pass_id, now - REST) > now - REST or not _may_send(now):
            held_back = True
            continue
        times = tuple(one for one, _seats in new)
        keys = {one.key for one in times}
        others = [other for other in rows if other.pass_id == row.pass_id and other.rid != row.rid]
        also = {
            other.rid: tuple(
                one for one, _seats in fits[other.rid] if one.key in keys and one.key not in knows[other.rid]
            )
            for other in others
        }
        calls.append(Call(row.rid, pass_, fresh[0], times, also, row.forget_on))
        last_told[row.pass_id] = now
        just_told.update({one.day for one in times})
        touched |= {other.rid: other.pass_id for other in (row, *others)}
    idle = tuple(rid for rid in gone if not knows[rid])
    return Plan(tuple(calls), gone, idle, touched, held_back)


def _line(s: Session, now: datetime) -> list[Any]:
    return list(
        s.execute(
            select(Wish.rid, Wish.pass_id, Wish.first_day, Wish.last_day, Wish.details, Wish.told_at, Wish.forget_on)
            .where(Wish.last_day >= clock.service_day(now))
            .order_by(Wish.queue)
        )
    )


def _fitting(s: Session, cat: Catalogue, rows: list[Any], now: datetime) -> dict[bytes, list[tuple[Free, int]]]:
    """The free times of each wish, with how many visits there is room for on that day."""
    places = waiting.places_of(s, cat, [row.rid for row in rows])
    ids = sorted({loc.id for locs in places.values() for loc in locs})
    busy = taken.load(s, ids, clock.service_day(now), max(row.last_day for row in rows))
    found: dict[bytes, list[tuple[Free, int]]] = {}
    memo: fitting.Memo = {}
    for row in rows:
        details = waiting.unseal(row.rid, row.details)
        days = (row.first_day, row.last_day)
        found[row.rid] = fitting.times(cat, busy, places[row.rid], details.services, details.part, days, now, memo)
    return found


def _to_tell(s: Session, row: Any) -> OpenPass | None:
    """Her pass, if she wants to be told and can be."""
    if not waiting.unseal(row.rid, row.details).tell:
        return None
    try:
        pass_ = passes.of(s, row.pass_id)
    except CodeUnknown:
        return None
    return pass_ if pass_.phone else None


def _known(s: Session, rows: Iterable[Any]) -> dict[bytes, set[Key]]:
    found: dict[bytes, set[Key]] = defaultdict(set)
    told = select(WishTold.wish_id, WishTold.location_id, WishTold.start_cell)
    for rid, location_id, cell in s.execute(told.where(WishTold.wish_id.in_([row.rid for row in rows]))):
        found[rid].add((location_id, cell))
    return found


def _just_told(
    s: Session, rows: Iterable[Any], knows: dict[bytes, set[Key]], now: datetime
) -> Counter[tuple[int, date]]:
    """How many were told of a place and day within the pause, and have not booked since: then their wish is gone.

    Whose message did not arrive was told nothing: nobody waits for her.
    """
    told = [row for row in rows if row.told_at is not None and row.told_at > now - PAUSE]
    lost = outbox.troubles(s, [waiting.about(row.rid) for row in told])
    return Counter(
        day
        for row in told
        if waiting.about(row.rid) not in lost
        for day in {(place, clock.service_day(clock.moment(cell))) for place, cell in knows[row.rid]}
    )


def _last_told(rows: Iterable[Any]) -> dict[bytes, datetime]:
    found: dict[bytes, datetime] = {}
    for row in rows:
        if row.told_at is not None:
            found[row.pass_id] = max(row.told_at, found.get(row.pass_id, row.told_at))
    return found


def _tell(s: Session, call: Call, now: datetime) -> None:
    """Message and knowledge, together."""
    start = call.first.slot.start
    body = covers.text(call.pass_.cover, call.pass_.language, start)
    name, phone = waiting.about(call.rid), call.pass_.phone or ""
    outbox.drop(s, name, (FREE,), now, "newer")
    not_after = min(start, window.closes(clock.local(now).date()))
    outbox.put(s, call.pass_.rid, name, FREE, phone, body, now, not_after, call.forget_on)
    s.execute(update(Wish).where(Wish.rid == call.rid).values(told_at=now.replace(second=0, microsecond=0)))
    for rid, times in ((call.rid, call.times), *call.also.items()):
        waiting.know(s, rid, times)


def _may_send(now: datetime) -> bool:
    """Whether a message put now still goes out today."""
    return window.is_open(now) and window.is_open(now + timedelta(minutes=window.LAST_MINUTES))

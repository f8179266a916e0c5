"""How late a room runs today: a number beside its name. Nobody's time is rewritten.

Whoever is still to come in that room and asked for messages hears of it when the hour she was told last is
off by `TELLS` minutes or more, in either direction: also when the delay is taken back. What would be sent
is foreseen first; the act sends what was foreseen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, rearranging, taken, telling
from clinic.booking.appointments import DeskRow
from clinic.booking.models import RoomDay
from clinic.directory.models import Room
from clinic.messaging import outbox
from clinic.messaging.outbox import MessageView
from clinic.passes.passes import OpenPass

TELLS = 20  # minutes: less than that she finds out at the door
MOST = 180


@dataclass(frozen=True, slots=True)
class Notice:
    """What one woman is to hear of a delay: her time, when it begins now, and whether a message can say so."""

    ticket: int
    start: datetime
    later: datetime
    reached: bool


class OthersNow(Exception):
    """Others than those who were shown would be told now; `notices` are all of them."""

    def __init__(self, notices: tuple[Notice, ...]) -> None:
        super().__init__("others would be told")
        self.notices = notices


@dataclass(frozen=True, slots=True)
class _News:
    """A notice with what the act needs to send it."""

    row: Any
    pass_: OpenPass | None
    known: int  # minutes that she was told last; 0: nothing
    notice: Notice


def of_day(s: Session, location_id: int, day: date) -> dict[int, int]:
    """Minutes by room id, of the rooms of a location that run late on a service day."""
    return {room: minutes for room, minutes in _ever_late(s, location_id, day).items() if minutes}


def of_room(s: Session, room_id: int, day: date) -> int:
    """Minutes by which one room runs late on a service day."""
    row = s.get(RoomDay, (room_id, day))
    return 0 if row is None else row.late_minutes


def promised(s: Session, location_id: int, day: date, rows: Sequence[DeskRow]) -> tuple[DeskRow, ...]:
    """The rows of a day, each with the minutes by which a message told her to come later."""
    if not _ever_late(s, location_id, day):
        return tuple(rows)
    known = _known(s, [row.rid for row in rows])
    return tuple(replace(row, promised=known[row.rid]) if row.rid in known else row for row in rows)


def foresee(s: Session, location_id: int, room_id: int, minutes: int, now: datetime) -> tuple[Notice, ...]:
    """Who would have to hear of it when a room runs `minutes` late; none: nothing is sent. Changes nothing."""
    return tuple(news.notice for news in _news(s, location_id, room_id, minutes, now))


def run_late(
    s: Session, location_id: int, room_id: int, minutes: int, shown: Iterable[int], actor: str, now: datetime
) -> tuple[Notice, ...]:
    """A room runs `minutes` late from now on; 0: on time again. `s` writes; returns who had to hear of it.

    `shown` are the tickets that the page named; raises OthersNow, which must roll back, when others would be
    told. What has not gone out yet is put anew.
    """
    day = clock.service_day(now)
    taken.bump(s, location_id, day, 0)
    found = _news(s, location_id, room_id, minutes, now)
    notices = tuple(news.notice for news in found)
    if {notice.ticket for notice in notices} != set(shown):
        raise OthersNow(notices)
    _keep(s, room_id, day, minutes)
    audit.record(s, now, actor, "room.late", day.isoformat(), location_id)
    for row in _in_room(s, location_id, room_id, now):
        waiting = {m.kind for m in _told(s, row.rid) if m.state == "waiting"}
        outbox.drop(s, telling.about(row.rid), tuple(waiting), now, "late")
    for news in found:
        if news.notice.reached and news.pass_ is not None:
            telling.tell_late(
                s, news.pass_, news.row.rid, news.notice.start, news.known, minutes, news.row.forget_on, now
            )
    return notices


def latest(late: Mapping[int, int], room_id: int | None) -> int:
    """How late the room of a visit runs; 0 for one who waits without a room."""
    return 0 if room_id is None else late.get(room_id, 0)


def _news(s: Session, location_id: int, room_id: int, minutes: int, now: datetime) -> list[_News]:
    """Those still to come in a room for whom `minutes` is other news than what she heard last."""
    found = []
    for row in _in_room(s, location_id, room_id, now):
        start, known = clock.moment(row.start_cell), _last_told(_told(s, row.rid))
        later = start + timedelta(minutes=minutes)
        comes = start + timedelta(minutes=known)
        if abs(minutes - known) < TELLS or min(comes, later) <= now:
            continue
        pass_ = rearranging.pass_of(s, row)
        reached = pass_ is not None and telling.late_at(pass_, start, known, minutes, now) is not None
        found.append(_News(row, pass_, known, Notice(row.ticket, start, later, reached)))
    return found


def _in_room(s: Session, location_id: int, room_id: int, now: datetime) -> list[Any]:
    day = clock.service_day(now)
    return [row for row in appointments.live_between(s, location_id, day, day) if row.room_id == room_id]


def _told(s: Session, rid: bytes) -> list[MessageView]:
    return [m for m in outbox.of(s, telling.about(rid)) if telling.late_minutes(m.kind) is not None]


def _last_told(messages: Sequence[MessageView]) -> int:
    """The minutes that the last message said which went out, or may have; what waits is not said yet."""
    said = [m for m in messages if m.state not in ("waiting", "dropped", "failed", "undelivered", "expired")]
    return (telling.late_minutes(said[-1].kind) or 0) if said else 0


def _known(s: Session, rids: Sequence[bytes]) -> dict[bytes, int]:
    messages = outbox.of_all(s, [telling.about(rid) for rid in rids])
    known = {}
    for rid in rids:
        of_delay = [m for m in messages.get(telling.about(rid), ()) if telling.late_minutes(m.kind) is not None]
        if of_delay:
            known[rid] = _last_told(of_delay)
    return known


def _ever_late(s: Session, location_id: int, day: date) -> dict[int, int]:
    """Minutes by room id; 0 for a room that was late on this day and is on time again."""
    rows = s.execute(
        select(RoomDay.room_id, RoomDay.late_minutes)
        .join(Room, Room.id == RoomDay.room_id)
        .where(Room.location_id == location_id, RoomDay.day == day)
    )
    return {row[0]: row[1] for row in rows}


def _keep(s: Session, room_id: int, day: date, minutes: int) -> None:
    insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(RoomDay).values(room_id=room_id, day=day, late_minutes=minutes)
    s.execute(
        row.on_conflict_do_update(
            index_elements=[RoomDay.room_id, RoomDay.day], set_={"late_minutes": row.excluded.late_minutes}
        )
    )

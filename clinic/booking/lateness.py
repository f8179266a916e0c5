"""How late a room runs today: a number beside its name. Nobody's time is rewritten.

From `TELLS` minutes on, those still to come in that room who asked for messages are told, once each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, rearranging, taken, telling
from clinic.booking.models import RoomDay
from clinic.directory.models import Room
from clinic.messaging import outbox

TELLS = 20  # minutes: less than that she finds out at the door
MOST = 180


@dataclass(frozen=True, slots=True)
class Told:
    """The numbers of those a message will reach, and of those whom none will."""

    told: tuple[int, ...]
    untold: tuple[int, ...]


def of_day(s: Session, location_id: int, day: date) -> dict[int, int]:
    """Minutes by room id, of the rooms of a location that run late on a service day."""
    rows = s.execute(
        select(RoomDay.room_id, RoomDay.late_minutes)
        .join(Room, Room.id == RoomDay.room_id)
        .where(Room.location_id == location_id, RoomDay.day == day, RoomDay.late_minutes > 0)
    )
    return {row[0]: row[1] for row in rows}


def of_room(s: Session, room_id: int, day: date) -> int:
    """Minutes by which one room runs late on a service day."""
    row = s.get(RoomDay, (room_id, day))
    return 0 if row is None else row.late_minutes


def run_late(s: Session, location_id: int, room_id: int, minutes: int, actor: str, now: datetime) -> Told:
    """A room runs `minutes` late from now on; 0: on time again. `s` writes.

    Who was told once is not told again; what has not gone out yet is put anew with the new time.
    """
    day = clock.service_day(now)
    taken.bump(s, location_id, day, 0)
    _keep(s, room_id, day, minutes)
    audit.record(s, now, actor, "room.late", day.isoformat(), location_id)
    told, untold = list[int](), list[int]()
    for row in appointments.live_between(s, location_id, day, day):
        if row.room_id != room_id or clock.moment(row.start_cell) <= now:
            continue
        outbox.drop(s, telling.about(row.rid), (telling.LATE,), now, "late")
        if minutes >= TELLS:
            (told if _tell(s, row, minutes, now) else untold).append(row.ticket)
    return Told(tuple(told), tuple(untold))


def _tell(s: Session, row: Any, minutes: int, now: datetime) -> bool:
    messages = outbox.of(s, telling.about(row.rid))
    if any(message.kind == telling.LATE and message.state != "dropped" for message in messages):
        return True
    pass_, start = rearranging.pass_of(s, row), clock.moment(row.start_cell)
    return pass_ is not None and telling.tell_late(s, pass_, row.rid, start, minutes, row.forget_on, now)


def _keep(s: Session, room_id: int, day: date, minutes: int) -> None:
    insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(RoomDay).values(room_id=room_id, day=day, late_minutes=minutes)
    s.execute(
        row.on_conflict_do_update(
            index_elements=[RoomDay.room_id, RoomDay.day], set_={"late_minutes": row.excluded.late_minutes}
        )
    )


def latest(late: Mapping[int, int], room_id: int | None) -> int:
    """How late the room of a visit runs; 0 for one who waits without a room."""
    return 0 if room_id is None else late.get(room_id, 0)

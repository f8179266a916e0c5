"""Appointments and the time they own."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid, UtcTime
from clinic.privacy.policy import keep

STATUSES = ("booked", "here", "in_room", "done", "missed", "cancelled")
BY_PLACE = ("", "moved", "closed", "stopped")  # what the place, not she, did to the visit last


class LocationDay(Base):
    """Lock, version and ticket counter of a location's service day in one row."""

    __tablename__ = "location_day"

    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    last_ticket: Mapped[int] = mapped_column(default=0)


class RoomDay(Base):
    """How late a room runs today."""

    __tablename__ = "room_day"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    late_minutes: Mapped[int] = mapped_column(default=0)


class Appointment(Base):
    """A visit: who may come with which ticket, where and when. What for is sealed."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        CheckConstraint(f"by_place IN {BY_PLACE!r}", name="by_place"),
        # a visit that was missed gives back the rest of its time
        CheckConstraint(
            "visit_cells > 0 AND own_cells >= 0 AND (own_cells >= visit_cells OR room_id IS NULL OR status = 'missed')",
            name="cells",
        ),
        # only who came without a time waits without a room, and owns no time
        CheckConstraint(
            "room_id IS NOT NULL OR (pass_id IS NULL AND own_cells = 0 AND status IN ('here', 'cancelled'))",
            name="room",
        ),
        UniqueConstraint("location_id", "day", "ticket", name="uq_appointment_ticket"),
        UniqueConstraint("rid", "room_id", name="uq_appointment_room"),
        ForeignKeyConstraint(["room_id", "location_id"], ["room.id", "room.location_id"]),
        Index("ix_appointment_taken", "location_id", "day", "room_id", "start_cell", "own_cells"),
        Index("ix_appointment_pass_id", "pass_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("visit", "random"))
    pass_id: Mapped[bytes | None] = mapped_column(
        Rid, ForeignKey("pass.rid", ondelete="CASCADE"), info=keep("visit", "random")
    )
    location_id: Mapped[int] = mapped_column(info=keep("visit"))
    room_id: Mapped[int | None] = mapped_column(info=keep("visit"))  # NULL: waits in the line
    day: Mapped[date] = mapped_column(info=keep("visit"))  # the service day
    start_cell: Mapped[int] = mapped_column(Integer, info=keep("visit"))  # in the line: when she came
    visit_cells: Mapped[int] = mapped_column(info=keep("visit"))
    own_cells: Mapped[int] = mapped_column(info=keep("visit"))  # visit and pause
    status: Mapped[str] = mapped_column(String(10), default="booked", info=keep("visit"))
    status_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("visit"))
    ticket: Mapped[int] = mapped_column(info=keep("ticket"))
    noun: Mapped[int] = mapped_column(info=keep("ticket"))
    details: Mapped[bytes] = mapped_column(LargeBinary, info=keep("services", "sealed"))
    moves: Mapped[int] = mapped_column(default=0, info=keep("visit"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))
    by_place: Mapped[str] = mapped_column(String(8), default="", server_default="", info=keep("visit"))
    late: Mapped[bool] = mapped_column(default=False, server_default=false(), info=keep("visit"))  # she came late
    # minutes by which she says that she comes later
    comes_late: Mapped[int] = mapped_column(default=0, server_default="0", info=keep("visit"))


class Cell(Base):
    """Five minutes of a room, owned by one appointment: the key that makes double booking impossible."""

    __tablename__ = "cell"
    __table_args__ = (
        ForeignKeyConstraint(
            ["appointment_id", "room_id"], ["appointment.rid", "appointment.room_id"], ondelete="CASCADE"
        ),
        Index("ix_cell_appointment_id", "appointment_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    room_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("visit"))
    cell: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("visit"))
    appointment_id: Mapped[bytes] = mapped_column(Rid, info=keep("visit", "random"))


class Wish(Base):
    """A time she waits for: on which service days, at which places; what for and at what hours is sealed."""

    __tablename__ = "wish"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="days"),
        UniqueConstraint("queue"),
        Index("ix_wish_pass_id", "pass_id"),
        Index("ix_wish_forget_on", "forget_on"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("wish", "random"))
    pass_id: Mapped[bytes] = mapped_column(Rid, ForeignKey("pass.rid", ondelete="CASCADE"), info=keep("wish", "random"))
    queue: Mapped[int] = mapped_column(info=keep("wish"))  # the place in the line
    first_day: Mapped[date] = mapped_column(info=keep("wish"))
    last_day: Mapped[date] = mapped_column(info=keep("wish"))
    details: Mapped[bytes] = mapped_column(LargeBinary, info=keep("services", "sealed"))
    told_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("message"))  # when a free time was last told
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))


class WishLocation(Base):
    """A place at which she waits."""

    __tablename__ = "wish_location"
    __table_args__ = (
        Index("ix_wish_location_location_id", "location_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    wish_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("wish.rid", ondelete="CASCADE"), primary_key=True, info=keep("wish", "random")
    )
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True, info=keep("wish"))


class WishTold(Base):
    """A free time of which she knows already; it goes when the time is taken, so that she hears of it once."""

    __tablename__ = "wish_told"
    __table_args__ = ({"info": {"personal": True}, "sqlite_with_rowid": False},)

    wish_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("wish.rid", ondelete="CASCADE"), primary_key=True, info=keep("wish", "random")
    )
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("wish"))
    start_cell: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("wish"))


class Awaited(Base):
    """Something of a visit is still to come, or is ready for her: that, never what. It outlives the visit."""

    __tablename__ = "awaited"
    __table_args__ = (
        Index("ix_awaited_pass_id", "pass_id"),
        Index("ix_awaited_location_id", "location_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("awaited", "random"))
    pass_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("pass.rid", ondelete="CASCADE"), info=keep("awaited", "random")
    )
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), info=keep("awaited"))
    label: Mapped[bytes] = mapped_column(LargeBinary, info=keep("awaited", "sealed"))  # day and number of the visit
    ready: Mapped[bool] = mapped_column(default=False, info=keep("awaited"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))


class Tally(Base):
    """What stays when visits are forgotten: each adds 5 with probability 1/5, so no true count is stored."""

    __tablename__ = "tally"

    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    week: Mapped[date] = mapped_column(primary_key=True)  # its Monday
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    n: Mapped[int]


class Unmet(Base):
    """Searches that found no free time, by area and week: counted like the tally, never by position."""

    __tablename__ = "unmet"

    area: Mapped[str] = mapped_column(String(60), primary_key=True)  # key of a district or a town
    week: Mapped[date] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)  # evening | day
    n: Mapped[int]


class Offered(Base):
    """How many visits a place had room for in an hour of a service day: from its hours, whatever was booked."""

    __tablename__ = "offered"

    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]


class Feedback(Base):
    """How visits to a place were, as counters: how many answered (`answers`), how many said yes to what."""

    __tablename__ = "feedback"
    __table_args__ = (CheckConstraint("n >= 0", name="n"),)

    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    n: Mapped[int]


class FeedbackShown(Base):
    """What is published of these counters: as they stood at the 10th, 20th, 30th … answer, and not since."""

    __tablename__ = "feedback_shown"
    __table_args__ = (CheckConstraint("answers > 0 AND answers % 10 = 0", name="answers"),)

    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True, autoincrement=False)
    answers: Mapped[int]
    respected: Mapped[int]
    private: Mapped[int]
    again: Mapped[int]


class FeedbackLine(Base):
    """A sentence she wrote about a place: of which week, no more; it leads to no visit and no code."""

    __tablename__ = "feedback_line"
    __table_args__ = (
        Index("ix_feedback_line_location_id", "location_id"),
        Index("ix_feedback_line_forget_on", "forget_on"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("line", "random"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), info=keep("line"))
    week: Mapped[date] = mapped_column(info=keep("line"))  # its Monday
    body: Mapped[bytes] = mapped_column(LargeBinary, info=keep("line", "sealed"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))

"""A training, and the seats and places in line that hang from passes."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid, Text3, Text3Type, UtcTime
from clinic.privacy.policy import keep

KINDS = ("physical", "digital")
WHERES = ("open", "code", "online")
MOST_SEATS = 500


class Training(Base):
    """One training. `version` is its lock; the last word on seats has the CHECK on `taken`."""

    __tablename__ = "training"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint(f"place IN {WHERES!r}", name="place"),
        CheckConstraint("0 <= taken AND taken <= seats AND seats <= 500", name="seats"),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("attended IS NULL OR attended = 0 OR attended >= 5", name="attended"),
        Index("ix_training_starts_at", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)  # what stands in URLs
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))  # who gives it; where, unless online
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[Text3] = mapped_column(Text3Type)
    about: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    for_whom: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    languages: Mapped[str] = mapped_column(String(60))  # spoken there: "kk,ru"
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(String(10))  # address on the page, or only under the code, or a link
    way: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed: the address or link told under the code
    page: Mapped[int | None]  # its materials: /p/<page>
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    last_ticket: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[bool] = mapped_column(default=False)
    attended: Mapped[int | None]  # how many came, said by the trainer; 0 stands for fewer than 5


class Seat(Base):
    """A seat under a pass, or a place in line for one (`queue`); one of each pass."""

    __tablename__ = "seat"
    __table_args__ = (
        UniqueConstraint("training_id", "pass_id", name="uq_seat_pass"),
        UniqueConstraint("training_id", "ticket", name="uq_seat_ticket"),
        Index("ix_seat_pass_id", "pass_id"),
        Index("ix_seat_forget_on", "forget_on"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("seat", "random"))
    training_id: Mapped[int] = mapped_column(ForeignKey("training.id"), info=keep("seat"))
    pass_id: Mapped[bytes] = mapped_column(Rid, ForeignKey("pass.rid", ondelete="CASCADE"), info=keep("seat", "random"))
    ticket: Mapped[int] = mapped_column(info=keep("ticket"))
    noun: Mapped[int] = mapped_column(info=keep("ticket"))
    queue: Mapped[int | None] = mapped_column(info=keep("seat"))  # place in the line, empty once she has a seat
    tell: Mapped[bool] = mapped_column(default=False, info=keep("seat"))  # a message when the seat is hers
    lead: Mapped[int | None] = mapped_column(info=keep("seat"))  # minutes before it at which she is reminded
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))

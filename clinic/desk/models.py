"""What the desk keeps of its own."""

from datetime import date

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid
from clinic.privacy.policy import keep


class ShiftNote(Base):
    """What one shift writes down for the next: who wrote it, when and what are sealed."""

    __tablename__ = "shift_note"
    __table_args__ = (
        Index("ix_shift_note_location_id", "location_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("shift_note", "random"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), info=keep("shift_note"))
    day: Mapped[date] = mapped_column(info=keep("shift_note"))  # the service day
    body: Mapped[bytes] = mapped_column(LargeBinary, info=keep("shift_note", "sealed"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))

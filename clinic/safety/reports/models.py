"""What the server holds of a note: boxes that it cannot open, the week, and a hash that finds the conversation."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid
from clinic.privacy.policy import keep
from clinic.safety.reports.boxes import SIZES

_CLASSES = f"size_class BETWEEN 0 AND {len(SIZES) - 1}"


class Report(Base):
    """A conversation that began with a note. `box` is empty once the organization has it."""

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint(_CLASSES, name="size_class"),
        Index("ix_report_forget_on", "forget_on"),
        Index("ix_report_week", "week"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("note", "random"))
    lookup_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=keep("code", "hashed"))
    week: Mapped[date] = mapped_column(info=keep("note_week"))
    box: Mapped[bytes | None] = mapped_column(LargeBinary, info=keep("note", "sealed"))
    size_class: Mapped[int] = mapped_column(info=keep("note_week"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))


class ReportReply(Base):
    """What was added to a conversation, by her or by the organization; `n` is its place in it."""

    __tablename__ = "report_reply"
    __table_args__ = (
        CheckConstraint(_CLASSES, name="size_class"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    report_id: Mapped[bytes] = mapped_column(
        ForeignKey("report.rid", ondelete="CASCADE"), primary_key=True, info=keep("note", "random")
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("note_week"))
    hers: Mapped[bool] = mapped_column(info=keep("note_week"))
    week: Mapped[date] = mapped_column(info=keep("note_week"))
    box: Mapped[bytes | None] = mapped_column(LargeBinary, info=keep("note", "sealed"))
    size_class: Mapped[int] = mapped_column(info=keep("note_week"))


class ReportCanary(Base):
    """A note of our own, one a month: whoever holds the right key sends back the word that was in it."""

    __tablename__ = "report_canary"

    month: Mapped[date] = mapped_column(primary_key=True)
    week: Mapped[date]
    word_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    opened_on: Mapped[date | None]

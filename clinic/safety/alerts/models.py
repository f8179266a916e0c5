"""Who is on duty, the signals to them, what was written under a signal, check-ins, drills."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, LargeBinary, String, event, text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid, UtcTime
from clinic.privacy.policy import keep

OPEN = ("calling", "unanswered", "taken")  # somebody is, or was, called and nobody has ended it
STATES = ("counting", "stopped", *OPEN, "safe", "closed")
AUTHORS = ("her", "duty")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Duty(Base):
    """Somebody pressed "on duty": until when, and whether the test of the chain reached her."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_ends_at", "ends_at"), {"sqlite_with_rowid": False})

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    shown_as: Mapped[str] = mapped_column(String(30))  # the name that a woman who calls reads
    language: Mapped[str] = mapped_column(String(2))
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    phone: Mapped[bytes] = mapped_column(LargeBinary)  # sealed until the day on which the duty ends
    proof: Mapped[bytes] = mapped_column(LargeBinary)  # sealed: the number that the test brings
    tests: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    tested_at: Mapped[datetime | None] = mapped_column(UtcTime)
    paged_at: Mapped[datetime | None] = mapped_column(UtcTime)
    pages: Mapped[int] = mapped_column(default=0)


class Drill(Base):
    """A signal that a coordinator gave to measure the chain; of nobody, so it stays."""

    __tablename__ = "drill"
    __table_args__ = (Index("ix_drill_began_at", "began_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(80))
    sent_seconds: Mapped[float | None]  # from the end of the countdown to the provider
    taken_seconds: Mapped[float | None]  # … to somebody taking it
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Alert(Base):
    """A signal. All of it goes 24 hours after it was given; what she wrote is sealed until that day."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        Index("ix_alert_fires_at", "fires_at", **_where("state = 'counting'")),
        Index("ix_alert_next_at", "next_at", **_where("state = 'calling'")),
        Index("ix_alert_forget_at", "forget_at"),
        Index("ix_alert_open", "state", **_where("state IN ('calling', 'unanswered', 'taken')")),
        Index("ix_alert_taken_by", "taken_by"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("alert", "random"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True, info=keep("alert", "hashed"))
    state: Mapped[str] = mapped_column(String(10), info=keep("alert"))
    fires_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("alert"))
    step: Mapped[int] = mapped_column(default=0, info=keep("alert"))  # how many people have been called
    next_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("alert"))
    told: Mapped[bool] = mapped_column(default=False, info=keep("alert"))  # she has written something
    body: Mapped[bytes] = mapped_column(LargeBinary, info=keep("alert_body", "sealed"))
    drill_id: Mapped[int | None] = mapped_column(ForeignKey("drill.id"), info=keep("alert"))
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), info=keep("alert"))
    taken_as: Mapped[str] = mapped_column(String(30), default="", info=keep("alert"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("alert"))
    forget_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("alert"))
    # two bytes of a hash under the key of the day, which many networks share; gone when she ends the signal
    network: Mapped[bytes | None] = mapped_column(LargeBinary(2), info=keep("alert_network", "hashed"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("alert"))  # when her page last asked


class AlertEvent(Base):
    """One step of a signal; no content, and never changed."""

    __tablename__ = "alert_event"
    __table_args__ = ({"info": {"personal": True}, "sqlite_with_rowid": False},)

    alert_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("alert.rid", ondelete="CASCADE"), primary_key=True, info=keep("alert", "random")
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("alert"))
    at: Mapped[datetime] = mapped_column(UtcTime, info=keep("alert"))
    what: Mapped[str] = mapped_column(String(20), info=keep("alert"))


class AlertWord(Base):
    """A sentence between her and whoever took the signal."""

    __tablename__ = "alert_word"
    __table_args__ = (
        CheckConstraint(f"author IN {AUTHORS!r}", name="author"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    alert_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("alert.rid", ondelete="CASCADE"), primary_key=True, info=keep("alert", "random")
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("alert"))
    author: Mapped[str] = mapped_column(String(4), info=keep("alert"))
    at: Mapped[datetime] = mapped_column(UtcTime, info=keep("alert"))
    body: Mapped[bytes] = mapped_column(LargeBinary, info=keep("alert_body", "sealed"))


class CheckIn(Base):
    """ "If I have not checked in by then, call": sealed until it fires; gone when she ends it."""

    __tablename__ = "check_in"
    __table_args__ = (
        Index("ix_check_in_due_at", "due_at", **_where("alert_id IS NULL")),
        Index("ix_check_in_alert_id", "alert_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("check_in", "random"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=keep("code", "hashed"))
    due_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("check_in"))
    wrong: Mapped[int] = mapped_column(default=0, info=keep("check_in"))
    body: Mapped[bytes] = mapped_column(LargeBinary, info=keep("alert_body", "sealed"))
    alert_id: Mapped[bytes | None] = mapped_column(
        Rid, ForeignKey("alert.rid", ondelete="CASCADE"), info=keep("check_in", "random")
    )


REFUSE_UPDATE_SQLITE = (
    "CREATE TRIGGER alert_event_is_final BEFORE UPDATE ON alert_event "
    "BEGIN SELECT RAISE(ABORT, 'an event is final'); END",
)
REFUSE_UPDATE_POSTGRES = (
    "CREATE OR REPLACE FUNCTION alert_event_is_final() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''an event is final''; END'",
    "CREATE TRIGGER alert_event_is_final BEFORE UPDATE ON alert_event "
    "FOR EACH ROW EXECUTE FUNCTION alert_event_is_final()",
)
for _dialect, _statements in (("sqlite", REFUSE_UPDATE_SQLITE), ("postgresql", REFUSE_UPDATE_POSTGRES)):
    for _statement in _statements:
        event.listen(AlertEvent.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

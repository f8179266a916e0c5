"""Staff's deeds: who did what, in which hour; no client in them."""

from datetime import date, datetime

from sqlalchemy import DDL, Index, String, event
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.db import Base, UtcTime

KEPT_DAYS = 90


class Audit(Base):
    """One deed. No foreign keys: it outlives what it names, and is dropped after 90 days."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_hour", "hour"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(80))
    location: Mapped[int | None]
    verb: Mapped[str] = mapped_column(String(40))
    thing: Mapped[str] = mapped_column(String(80))


REFUSE_UPDATE_SQLITE = (
    "CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is final'); END"
)
REFUSE_UPDATE_POSTGRES = (
    "CREATE FUNCTION audit_is_final() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''audit is final''; END'",
    "CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_final()",
)
for _dialect, _statements in (("sqlite", (REFUSE_UPDATE_SQLITE,)), ("postgresql", REFUSE_UPDATE_POSTGRES)):
    for _statement in _statements:
        event.listen(Audit.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]


def record(s: Session, now: datetime, actor: str, verb: str, thing: str, location: int | None = None) -> None:
    """Write down a deed of staff in the caller's transaction; only the hour is kept of `now`."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    s.add(Audit(hour=hour, actor=actor, location=location, verb=verb, thing=thing))


def days_kept(today: date) -> date:
    """The oldest day whose deeds are still kept on `today`."""
    return date.fromordinal(today.toordinal() - KEPT_DAYS)

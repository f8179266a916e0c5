"""Staff's deeds: who did what, in which hour; no client in them."""

from datetime import datetime, timedelta

from sqlalchemy import DDL, Index, Integer, String, bindparam, delete, event, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic import clock
from clinic.db import Base, UtcTime

KEPT_DAYS = 90


class Audit(Base):
    """One deed. No foreign keys: it outlives what it names, and is dropped after 90 days."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("uq_audit_deed", "hour", "actor", "verb", "thing", "location", unique=True),
        Index(
            "uq_audit_deed_nowhere",
            "hour",
            "actor",
            "verb",
            "thing",
            unique=True,
            sqlite_where=text("location IS NULL"),
            postgresql_where=text("location IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(80))
    location: Mapped[int | None]
    verb: Mapped[str] = mapped_column(String(40))
    thing: Mapped[str] = mapped_column(String(80))


_RECORD = text(
    "INSERT INTO audit (hour, actor, location, verb, thing) VALUES (:hour, :actor, :location, :verb, :thing)"
    " ON CONFLICT DO NOTHING"
).bindparams(bindparam("hour", type_=UtcTime), bindparam("location", type_=Integer))

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
    """Write down a deed of staff in the caller's transaction; only the hour is kept of `now`.

    The same deed of the same person in the same hour stands once: otherwise the arrivals written down
    here would be a true count of visits for 90 days, which nothing else keeps.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    s.execute(_RECORD, {"hour": hour, "actor": actor, "location": location, "verb": verb, "thing": thing})


def forget(s: Session, now: datetime) -> int:
    """Drop the deeds of the days before the last 90; how many there were."""
    oldest = clock.at(clock.local(now).date() - timedelta(days=KEPT_DAYS), 0)
    return int(s.execute(delete(Audit).where(Audit.hour < oldest)).rowcount)  # type: ignore[attr-defined]

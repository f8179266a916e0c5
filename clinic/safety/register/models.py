"""One entry of the register. Nobody changes or deletes one; a correction is another entry."""

from datetime import date

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base

GAVE = ("nothing", "part", "all")


class DataRequest(Base):
    """What an authority asked an organization for, and what became of it. No woman is named in it."""

    __tablename__ = "data_request"
    __table_args__ = (
        CheckConstraint(f"gave IN {GAVE!r}", name="gave"),
        Index("ix_data_request_organization_id", "organization_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    day: Mapped[date]  # on which they asked
    authority: Mapped[str] = mapped_column(String(200))
    basis: Mapped[str] = mapped_column(String(400))
    asked: Mapped[str] = mapped_column(String(1000))
    gave: Mapped[str] = mapped_column(String(8))
    given: Mapped[str] = mapped_column(String(1000), default="")
    decided_by: Mapped[str] = mapped_column(String(120))
    lawyer_on: Mapped[date | None]  # the day on which a lawyer was told
    void: Mapped[bool] = mapped_column(default=False)  # the entry that it corrects was a mistake: there was no request
    corrects: Mapped[int | None] = mapped_column(ForeignKey("data_request.id"), unique=True)
    written_on: Mapped[date]
    written_by: Mapped[str] = mapped_column(String(80))


FINAL_SQLITE = tuple(
    f"CREATE TRIGGER data_request_no_{act.lower()} BEFORE {act} ON data_request "
    "BEGIN SELECT RAISE(ABORT, 'the register is final'); END"
    for act in ("UPDATE", "DELETE")
)
FINAL_POSTGRES = (
    "CREATE OR REPLACE FUNCTION data_request_is_final() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''the register is final''; END'",
    "CREATE TRIGGER data_request_is_final BEFORE UPDATE OR DELETE ON data_request "
    "FOR EACH ROW EXECUTE FUNCTION data_request_is_final()",
)
for _dialect, _statements in (("sqlite", FINAL_SQLITE), ("postgresql", FINAL_POSTGRES)):
    for _statement in _statements:
        event.listen(DataRequest.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

"""Writing the register, reading it, and the figures of each year."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.safety.register.models import DataRequest

_REQUEST = cast(Table, DataRequest.__table__)


class NotTheLast(Exception):
    """The entry to be corrected is not there, or was corrected by another one already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down, parsed; `corrects` is the id of the entry in whose place it stands."""

    organization_id: int
    day: date
    authority: str
    basis: str
    asked: str
    gave: str
    given: str
    decided_by: str
    lawyer_on: date | None
    void: bool
    corrects: int | None


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of the register; `corrected`: another one stands in its place."""

    id: int
    entry: Entry
    written_on: date
    written_by: str
    corrected: bool


@dataclass(frozen=True, slots=True)
class Year:
    """The figures of a year, over all organizations: requests, and how many got something, had a lawyer told."""

    year: int
    requests: int
    answered: int
    lawyer: int


def write(s: Session, entry: Entry, actor: str, now: datetime) -> int:
    """Add an entry; its id. `s` writes. Raises NotTheLast."""
    if entry.corrects is not None:
        before = s.get(DataRequest, entry.corrects)
        if before is None or before.organization_id != entry.organization_id:
            raise NotTheLast
    fields = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    row = DataRequest(**fields, written_on=clock.local(now).date(), written_by=actor)
    saved = s.begin_nested()
    try:
        s.add(row)
        s.flush()
    except IntegrityError as error:
        saved.rollback()
        raise NotTheLast from error
    audit.record(s, now, actor, "request written down", str(row.id))
    return row.id


def of(s: Session, organization_ids: Collection[int]) -> tuple[Written, ...]:
    """The register of these organizations, the latest entry first."""
    rows = s.execute(
        select(_REQUEST).where(_REQUEST.c.organization_id.in_(organization_ids)).order_by(_REQUEST.c.id.desc())
    ).all()
    replaced = {row.corrects for row in rows}
    names = Entry.__dataclass_fields__
    return tuple(
        Written(
            row.id,
            Entry(**{name: row._mapping[name] for name in names}),
            row.written_on,
            row.written_by,
            row.id in replaced,
        )
        for row in rows
    )


def years(s: Session, today: date) -> tuple[Year, ...]:
    """The figures from the year of the first request on, this year's so far; a year without one counts 0."""
    replaced = select(_REQUEST.c.corrects).where(_REQUEST.c.corrects.is_not(None))
    rows = s.execute(
        select(_REQUEST.c.day, _REQUEST.c.gave, _REQUEST.c.lawyer_on).where(
            _REQUEST.c.id.not_in(replaced), _REQUEST.c.void.is_(False)
        )
    ).all()
    first = s.execute(select(func.min(_REQUEST.c.day))).scalar()
    begin = min(today.year, first.year if first else today.year)
    return tuple(
        Year(
            year,
            sum(row.day.year == year for row in rows),
            sum(row.day.year == year and row.gave != "nothing" for row in rows),
            sum(row.day.year == year and row.lawyer_on is not None for row in rows),
        )
        for year in range(today.year, begin - 1, -1)
    )

"""Keeping notes that nobody here can read: taking them in, finding them by code, handing them over, forgetting.

A box is sealed once more under the day key of the day on which it is forgotten, so that an old backup stays
shut even for whoever has taken the organization's key. Of the moment only the week is kept.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import new_rid
from clinic.privacy import keys, sealing
from clinic.safety.reports import boxes
from clinic.safety.reports.models import Report, ReportCanary, ReportReply

KEPT_WEEKS = 10  # at most, after the last thing that was said
MOST_REPLIES = 60
ROOM = 2 * 1024**3  # bytes of all boxes; then only short ones are taken
ROOM_OF_ONE = 64 * 1024**2  # of one conversation: all of it is sealed anew when its day moves
SHORT = 2  # the size class of short ones
MOST_BOXES = 50_000  # then nothing is taken, so that no flood fills the disk on which all the rest lives
BATCH = 200

REPORT_BOX, REPLY_BOX = "report.box", "report_reply.box"


class CodeUnknown(Exception):
    """No conversation opens with this code."""


class AlreadyHere(Exception):
    """This very conversation has begun before: the note was sent a second time."""


class NoRoom(Exception):
    """Too much waits here already for something so large, or for anything."""


class TooManyReplies(Exception):
    """This conversation is as long as it may be."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation; `box` is None for hers, and for what is no longer here."""

    n: int
    hers: bool
    week: date
    box: bytes | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything under a code."""

    rid: bytes
    forget_on: date
    said: tuple[Said, ...]


def week_of(now: datetime) -> date:
    """The Monday of the week in which it is now."""
    today = clock.local(now).date()
    return today - timedelta(days=today.weekday())


def forget_day(now: datetime) -> date:
    """The last day on which what is written now is kept."""
    return _forget_on(week_of(now))


def begin(s: Session, lookup: bytes, box: bytes, now: datetime) -> bytes:
    """Take in a note; the key of its row. Raises NotABox, NoRoom, AlreadyHere."""
    size = boxes.size_class(box)
    _room_for(s, size)
    rid, week = new_rid(), week_of(now)
    forget_on = _forget_on(week)
    row = Report(
        rid=rid,
        lookup_hash=_hash(lookup),
        week=week,
        box=sealing.seal_bytes(forget_on, REPORT_BOX, rid, box),
        size_class=size,
        forget_on=forget_on,
    )
    try:
        with s.begin_nested():
            s.add(row)
            s.flush()
    except IntegrityError as error:
        raise AlreadyHere from error
    return rid


def add(s: Session, lookup: bytes, box: bytes, now: datetime) -> None:
    """Add something of hers. Raises CodeUnknown, NotABox, NoRoom or TooManyReplies."""
    row = _find(s, _under(lookup).with_for_update(), now)
    size = boxes.size_class(box)
    _room_for(s, size)
    if size > SHORT and _held(s, ReportReply, ReportReply.report_id == row.rid) + boxes.SIZES[size] > ROOM_OF_ONE:
        raise NoRoom
    _append(s, row, box, size, True, now)


def answer(s: Session, rid: bytes, box: bytes, now: datetime) -> bool:
    """Put an answer of the organization where her code finds it; False when the conversation is gone.

    Raises NotABox or TooManyReplies.
    """
    row = s.get(Report, rid, with_for_update=True)
    if row is None or row.forget_on < clock.local(now).date():
        return False
    size = boxes.answer_size_class(box)
    _append(s, row, box, size, False, now)
    return True


def find(s: Session, lookup: bytes, now: datetime) -> Conversation:
    """What stands under a code: the answers, and when she wrote. Raises CodeUnknown."""
    row = _find(s, _under(lookup), now)
    said = [Said(0, True, row.week, None)]
    for reply in s.scalars(select(ReportReply).where(ReportReply.report_id == row.rid).order_by(ReportReply.n)):
        box = None if reply.hers else _unsealed(reply)
        said.append(Said(reply.n, reply.hers, reply.week, box))
    return Conversation(row.rid, row.forget_on, tuple(said))


def forget_one(s: Session, lookup: bytes, now: datetime) -> None:
    """She takes it all back. Raises CodeUnknown."""
    s.delete(_find(s, _under(lookup).with_for_update(), now))


def waiting(s: Session, now: datetime) -> Iterator[tuple[bytes, int, date, bytes]]:
    """Every box of hers that is still here, without its day seal: (conversation, place in it, week, box).

    One whose seal does not open is passed over: it stays until its day.
    """
    today = clock.local(now).date()
    reports = s.execute(
        select(Report.rid, Report.week, Report.box).where(Report.box.is_not(None), Report.forget_on >= today)
    ).yield_per(1)
    for rid, week, box in reports:
        with suppress(sealing.Unreadable):
            yield rid, 0, week, sealing.open_bytes(REPORT_BOX, rid, box or b"")
    replies = (
        select(ReportReply.report_id, ReportReply.n, ReportReply.week, ReportReply.box)
        .join(Report, Report.rid == ReportReply.report_id)
        .where(ReportReply.hers, ReportReply.box.is_not(None), Report.forget_on >= today)
    )
    for rid, n, week, box in s.execute(replies).yield_per(1):
        with suppress(sealing.Unreadable):
            yield rid, n, week, sealing.open_bytes(REPLY_BOX, _row(rid, n), box or b"")


def handed_over(s: Session, rid: bytes, n: int) -> bool:
    """The organization has this box: it goes here. False when it was not here any more."""
    if n == 0:
        done = s.execute(update(Report).where(Report.rid == rid, Report.box.is_not(None)).values(box=None))
    else:
        own = (ReportReply.report_id == rid, ReportReply.n == n, ReportReply.hers, ReportReply.box.is_not(None))
        done = s.execute(update(ReportReply).where(*own).values(box=None))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def by_week(s: Session, now: datetime) -> dict[date, int]:
    """How many notes began in each week that is over and still known, the newest first; our own not counted."""
    rows = s.execute(
        select(Report.week, func.count())
        .where(Report.week < week_of(now), Report.forget_on >= clock.local(now).date())
        .group_by(Report.week)
        .order_by(Report.week.desc())
    )
    ours = set(s.scalars(select(ReportCanary.week)))
    return {week: n - (week in ours) for week, n in rows}


def forget(s: Session, now: datetime) -> int:
    """Delete conversations whose day has passed; how many."""
    old = select(Report.rid).where(Report.forget_on < clock.local(now).date()).limit(BATCH)
    return int(s.execute(delete(Report).where(Report.rid.in_(old))).rowcount)  # type: ignore[attr-defined]


def _find(s: Session, query: Select[Report], now: datetime) -> Report:
    row = s.scalar(query)
    if row is None or row.forget_on < clock.local(now).date():
        raise CodeUnknown
    return row


def _under(lookup: bytes) -> Select[Report]:
    return select(Report).where(Report.lookup_hash == _hash(lookup))


def _append(s: Session, row: Report, box: bytes, size: int, hers: bool, now: datetime) -> None:
    n = 1 + (s.scalar(select(func.max(ReportReply.n)).where(ReportReply.report_id == row.rid)) or 0)
    if n > MOST_REPLIES:
        raise TooManyReplies
    week = week_of(now)
    _extend(s, row, _forget_on(week))
    sealed = sealing.seal_bytes(row.forget_on, REPLY_BOX, _row(row.rid, n), box)
    s.add(ReportReply(report_id=row.rid, n=n, hers=hers, week=week, box=sealed, size_class=size))
    s.flush()


def _extend(s: Session, row: Report, forget_on: date) -> None:
    """Something was said: all of it is kept as long as the newest."""
    if forget_on <= row.forget_on:
        return
    if row.box is not None:
        with suppress(sealing.Unreadable):
            plain = sealing.open_bytes(REPORT_BOX, row.rid, row.box)
            row.box = sealing.seal_bytes(forget_on, REPORT_BOX, row.rid, plain)
    for reply in s.scalars(select(ReportReply).where(ReportReply.report_id == row.rid, ReportReply.box.is_not(None))):
        inner = _unsealed(reply)
        if inner is not None:
            reply.box = sealing.seal_bytes(forget_on, REPLY_BOX, _row(row.rid, reply.n), inner)
    row.forget_on = forget_on


def _unsealed(reply: ReportReply) -> bytes | None:
    """What the organization's key opens; None when it was handed over, or its day seal does not open."""
    if reply.box is None:
        return None
    try:
        return sealing.open_bytes(REPLY_BOX, _row(reply.report_id, reply.n), reply.box)
    except sealing.Unreadable:
        return None


def _room_for(s: Session, size: int) -> None:
    if sum(s.scalar(select(func.count()).select_from(table)) or 0 for table in (Report, ReportReply)) >= MOST_BOXES:
        raise NoRoom
    if size <= SHORT:
        return
    if sum(_held(s, table, table.box.is_not(None)) for table in (Report, ReportReply)) + boxes.SIZES[size] > ROOM:
        raise NoRoom


def _held(s: Session, table: type[Report] | type[ReportReply], which: ColumnElement[bool]) -> int:
    counts = s.execute(select(table.size_class, func.count()).where(which).group_by(table.size_class))
    return sum(boxes.SIZES[size_class] * n for size_class, n in counts)


def _row(rid: bytes, n: int) -> bytes:
    return rid + n.to_bytes(2, "big")


def _forget_on(week: date) -> date:
    return week + timedelta(weeks=KEPT_WEEKS, days=-1)  # its Monday counts, since nothing more exact is kept


def _hash(lookup: bytes) -> bytes:
    return blake2b(lookup, key=keys.ring().lasting("note"), digest_size=32).digest()

"""Who is on duty: pressed for at most twelve hours, and proved by a test that reached her telephone.

A signal is offered only while somebody is on duty whose test passed, the worker looks after signals, and
the budget of messages is not used up: nothing is promised that nobody keeps.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from clinic import audit, heartbeat, messaging
from clinic.db import new_rid
from clinic.messaging import outbox, urgent
from clinic.messaging.models import RANK, URGENT, Message
from clinic.privacy import sealing
from clinic.safety.alerts import texts, told
from clinic.safety.alerts.models import Duty
from clinic.staff.memberships import Role
from clinic.staff.models import Membership, Staff

ROLE = "responder"
PHONE, PROOF = "duty.phone", "duty.proof"
LONGEST = timedelta(hours=12)
HOURS = (2, 4, 6, 8, 10, 12)
TEST_LASTS = timedelta(minutes=10)
MOST_TESTS, MOST_WRONG = 4, 5
BEAT_EVERY, BEAT_GOOD = timedelta(seconds=10), timedelta(seconds=60)
KEPT = timedelta(days=2)  # a duty that is over
LOST_STATES = ("failed", "undelivered", "expired")
TAKEN_STATES = tuple(state for state, rank in RANK.items() if rank >= RANK["accepted"] and state in
                     ("accepted", "sent", "delivered", "unknown"))  # fmt: skip


class TooManyTests(Exception):
    """No further test is sent for this duty."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who can be called now."""

    rid: bytes
    staff_id: int
    organization_id: int
    shown_as: str
    language: str
    began_at: datetime
    ends_at: datetime
    paged_at: datetime | None
    pages: int
    tested_at: datetime
    sealed_phone: bytes = field(repr=False)
    covers: tuple[Role, ...] = ()  # where she may be on duty


@dataclass(frozen=True, slots=True)
class Mine:
    """A person's own duty as her page shows it."""

    began_at: datetime
    ends_at: datetime
    shown_as: str
    tested_at: datetime | None
    test_state: str  # where the last test's message is: "" while none was sent
    may_test: bool
    may_confirm: bool
    doubted: bool  # a call did not reach her since the test


def begin(
    s: Session, staff_id: int, organization_id: int, shown_as: str, phone: str, hours: int, now: datetime
) -> bytes:
    """Go on duty for `hours`, at most twelve; an earlier duty of the same person ends. The test goes out at once."""
    # two presses at one moment are one after the other, so that nobody is on duty twice
    person = s.execute(select(Staff).where(Staff.id == staff_id).with_for_update()).scalar_one()
    _end(s, staff_id, now)
    rid, ends_at = new_rid(), now + min(LONGEST, timedelta(hours=hours))
    day = told.forget_on(ends_at)
    s.execute(
        insert(Duty).values(
            rid=rid, staff_id=staff_id, organization_id=organization_id, shown_as=shown_as, language=person.language,
            began_at=now, ends_at=ends_at, phone=sealing.seal(day, PHONE, rid, phone),
            proof=sealing.seal(day, PROOF, rid, ""), tests=0, wrong=0, pages=0,
        )
    )  # fmt: skip
    audit.record(s, now, person.login, "on duty", person.login)
    test(s, staff_id, now)
    return rid


def test(s: Session, staff_id: int, now: datetime) -> None:
    """Send a number to her telephone; typing it proves the chain. Raises TooManyTests, also without a duty."""
    row = _own(s, staff_id, now, lock=True)
    if row is None or row.tests >= MOST_TESTS:
        raise TooManyTests
    try:
        phone = sealing.open_(PHONE, row.rid, row.phone)
    except sealing.Unreadable as error:  # she ends this duty and begins anew
        raise TooManyTests from error
    day = sealing.forget_day(row.phone)
    number = f"{secrets.randbelow(10_000):04d}"
    about = _about(row.rid, f"t{row.tests}")
    until = now + TEST_LASTS
    outbox.put(s, None, about, "duty_test", phone, texts.test(row.language, number), now, until, day)
    if messaging.voice():
        outbox.put(s, None, about, urgent.CALL, phone, texts.spoken(row.language), now, until, day)
    proof = sealing.seal(day, PROOF, row.rid, number)
    s.execute(update(Duty).where(Duty.rid == row.rid).values(proof=proof, tests=row.tests + 1, wrong=0))


def confirm(s: Session, staff_id: int, typed: str, now: datetime) -> bool:
    """Whether `typed` is the number of the last test; then the chain is proved for this duty."""
    row = _own(s, staff_id, now, lock=True)
    if row is None or row.tests == 0 or row.wrong >= MOST_WRONG:
        return False
    try:
        number = sealing.open_(PROOF, row.rid, row.proof)
    except sealing.Unreadable:
        return False
    if not compare_digest(number.encode(), typed.encode()):
        s.execute(update(Duty).where(Duty.rid == row.rid).values(wrong=row.wrong + 1))
        return False
    prove(s, row.rid, now)
    return True


def prove(s: Session, rid: bytes, now: datetime) -> None:
    """The test has reached her; whatever did not reach her before counts no more."""
    s.execute(update(Duty).where(Duty.rid == rid).values(tested_at=now))


def end(s: Session, staff_id: int, login: str, now: datetime) -> bool:
    """Go off duty; False when there was none."""
    if not _end(s, staff_id, now):
        return False
    audit.record(s, now, login, "off duty", login)
    return True


def mine(s: Session, staff_id: int, now: datetime) -> Mine | None:
    """This person's duty, if she is on duty."""
    row = _own(s, staff_id, now)
    if row is None:
        return None
    sent = outbox.of(s, _about(row.rid, f"t{row.tests - 1}"))
    state = next((view.state for view in sent if view.kind == "duty_test"), "")
    own = next((one for one in to_call(s, now) if one.rid == row.rid), None)
    in_doubt = own is not None and bool(doubted(s, (own,)))
    may_confirm = (row.tested_at is None or in_doubt) and row.tests > 0 and row.wrong < MOST_WRONG
    return Mine(
        row.began_at, row.ends_at, row.shown_as, row.tested_at, state, row.tests < MOST_TESTS, may_confirm, in_doubt
    )


def to_call(s: Session, now: datetime, organization_id: int | None = None) -> tuple[OnDuty, ...]:
    """Who is on duty with a passed test, in the order in which they are called: first come, first called."""
    which = (
        select(Duty)
        .join(Staff, Staff.id == Duty.staff_id)
        .where(Duty.ends_at > now, Duty.began_at <= now, Duty.tested_at.is_not(None))
        .where(Staff.off_at.is_(None))
        .where(select(Membership.id).where(Membership.staff_id == Staff.id, Membership.role == ROLE).exists())
    )
    if organization_id is not None:
        which = which.where(Duty.organization_id == organization_id)
    rows = s.execute(which.order_by(Duty.began_at, Duty.rid)).scalars().all()
    held = s.execute(
        select(Membership.staff_id, Membership.organization_id, Membership.location_id).where(
            Membership.role == ROLE, Membership.staff_id.in_([row.staff_id for row in rows])
        )
    ).all()
    return tuple(
        OnDuty(
            row.rid, row.staff_id, row.organization_id, row.shown_as, row.language, row.began_at, row.ends_at,
            row.paged_at, row.pages, row.tested_at, row.phone,
            tuple(Role(ROLE, of[1], of[2]) for of in held if of[0] == row.staff_id),
        )
        for row in rows
        if row.tested_at is not None and _phone(row)
    )  # fmt: skip


def doubted(s: Session, people: Sequence[OnDuty]) -> set[bytes]:
    """Those whom the last call did not reach, and who have not passed a test since: nobody is sent to them."""
    last = {_about(one.rid, str(one.pages - 1)): one for one in people if one.pages}
    rows = s.execute(
        select(Message.about, Message.due_at).where(
            Message.about.in_(last), Message.kind == "duty", Message.state.in_(LOST_STATES)
        )
    )
    return {last[about].rid for about, due_at in rows if due_at >= last[about].tested_at}


def beat(s: Session, now: datetime) -> int:
    """The worker is here and looks after signals; 1, a step done."""
    heartbeat.beat(s, heartbeat.ALERTS, now)
    return 1


def beat_due(s: Session, now: datetime) -> bool:
    """Whether the worker should say again that it is here: only while somebody is on duty."""
    at = heartbeat.last(s, heartbeat.ALERTS)
    if at is not None and timedelta(0) <= now - at < BEAT_EVERY:
        return False
    return s.scalar(select(Duty.rid).where(Duty.ends_at > now).limit(1)) is not None


def page_about(one: OnDuty) -> str:
    """What the next call to this person is about; each has a word of its own."""
    return _about(one.rid, str(one.pages))


def last_sent(s: Session, people: Sequence[OnDuty], since: datetime) -> datetime | None:
    """When the provider took the last call to one of these that tells of a signal of `since`."""
    abouts = [_about(one.rid, str(one.pages - 1)) for one in people if one.pages]
    if not abouts:
        return None
    found: datetime | None = s.scalar(
        select(Message.due_at)
        .where(Message.about.in_(abouts), Message.state.in_(TAKEN_STATES), Message.due_at >= since)
        .order_by(Message.due_at.desc())
        .limit(1)
    )
    return found


def of_message(about: str) -> bytes | None:
    """The duty that a message is about, None when it is about something else."""
    kind, _, rest = about.partition(":")
    try:
        return bytes.fromhex(rest.partition(":")[0]) if kind == "duty" else None
    except ValueError:
        return None


def is_test(about: str) -> bool:
    """Whether a message is a test of the chain."""
    return about.rpartition(":")[2].startswith("t")


def forget(s: Session, now: datetime) -> int:
    """Delete duties that ended two days ago, and their messages after a day; how many rows."""
    over = delete(Duty).where(Duty.ends_at <= now - KEPT)
    letters = delete(Message).where(
        Message.kind.in_(URGENT), Message.not_after <= now - told.KEPT, Message.state.not_in(("sending",))
    )
    gone = 0
    for one in (over, letters):
        gone += int(s.execute(one.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
    return gone


def looks(s: Session, now: datetime) -> bool:
    """Whether the worker is here and looks after signals."""
    at = heartbeat.last(s, heartbeat.ALERTS)
    return at is not None and abs(now - at) <= BEAT_GOOD


def _own(s: Session, staff_id: int, now: datetime, lock: bool = False) -> Duty | None:
    """This person's duty; none when it cannot be read any more: then she goes on duty anew."""
    mine = select(Duty).where(Duty.staff_id == staff_id, Duty.ends_at > now).order_by(Duty.began_at.desc()).limit(1)
    row = s.execute(mine.with_for_update() if lock else mine).scalar()
    return row if row is not None and _phone(row) else None


def _phone(row: Duty) -> str:
    """Her telephone; "" when the box cannot be opened: she is as good as not on duty, and nobody waits for her."""
    try:
        sealing.open_(PROOF, row.rid, row.proof)
        return sealing.open_(PHONE, row.rid, row.phone)
    except sealing.Unreadable:
        return ""


def _end(s: Session, staff_id: int, now: datetime) -> bool:
    done = s.execute(update(Duty).where(Duty.staff_id == staff_id, Duty.ends_at > now).values(ends_at=now))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _about(rid: bytes, what: str) -> str:
    return f"duty:{rid.hex()}:{what}"

"""A call to somebody on duty: the key 1 takes the signal, or proves the test. Known by the token of its attempt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.messaging import urgent
from clinic.messaging.models import Attempt, Message
from clinic.safety.alerts import answering, duty
from clinic.safety.alerts.models import Duty
from clinic.staff.models import Staff

RINGS = timedelta(minutes=5)  # after the last moment of the call nobody can press anything


@dataclass(frozen=True, slots=True)
class Called:
    """Whose telephone rings, and for what."""

    duty_id: bytes
    staff_id: int
    login: str
    language: str
    test: bool


def whom(s: Session, token: str, now: datetime) -> Called | None:
    """The call of a token; None for one that is none of ours, or over."""
    row = s.execute(
        select(Message.about, Message.not_after)
        .join(Attempt, Attempt.message_id == Message.rid)
        .where(Attempt.token == token, Message.kind == urgent.CALL)
    ).one_or_none()
    if row is None or now > row.not_after + RINGS:
        return None
    rid = duty.of_message(row.about)
    person = s.execute(
        select(Duty.staff_id, Duty.language, Staff.login).join(Staff, Staff.id == Duty.staff_id).where(Duty.rid == rid)
    ).one_or_none()
    if rid is None or person is None:
        return None
    return Called(rid, person.staff_id, person.login, person.language, duty.is_test(row.about))


def pressed(s: Session, called: Called, now: datetime) -> bool:
    """The key was pressed: whether it took a signal (or proved the test)."""
    if called.test:
        duty.prove(s, called.duty_id, now)
        return True
    return answering.take_first(s, called.staff_id, called.login, now)

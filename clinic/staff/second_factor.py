"""The second factor of a sign-in: six digits of an app (TOTP), or a recovery code from paper; each works once.

A passkey is both factors in one (`passkeys`) and needs neither password nor code.
"""

import secrets
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from clinic.config import settings
from clinic.db import writing
from clinic.privacy import keys, lasting
from clinic.staff.models import Passkey, RecoveryCode, SecondFactor, SignIn

HALF_MINUTE = 30
DRIFT = (0, -1, 1)  # half minutes by which the clock of a phone may be off
MOST_WRONG, WRONG_FOR = 10, timedelta(hours=1)
RECOVERY_CODES = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like another sign
_COLUMN = "second_factor.totp"


def asked() -> bool:
    """Whether everybody needs a second factor here: everywhere but in the demo."""
    return not settings().demo


def new_secret() -> str:
    """A fresh secret for an app, in base 32."""
    import pyotp

    return str(pyotp.random_base32())


def address(secret: str, login: str, site: str) -> str:
    """The `otpauth:` address that the QR code holds."""
    import pyotp

    return str(pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=site))


def seal_new(staff_id: int, secret: str) -> str:
    """A secret that is not confirmed yet, for a hidden field of the form: only this account can bring it back."""
    return lasting.seal("second_factor.new", staff_id, secret.encode()).hex()


def open_new(staff_id: int, field: str) -> str | None:
    """The secret of such a field, None when it is none of ours."""
    try:
        return lasting.open_("second_factor.new", staff_id, bytes.fromhex(field)).decode()
    except (ValueError, lasting.Damaged):
        return None


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The half minute whose six digits these are, None when they are of none near `now`."""
    import pyotp

    digits = "".join(typed.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp, here = pyotp.TOTP(secret), int(now.timestamp()) // HALF_MINUTE
    found = [here + drift for drift in DRIFT if compare_digest(totp.generate_otp(here + drift), digits)]
    return found[0] if found else None


def set_app(s: Session, staff_id: int, secret: str, step: int) -> None:
    """Keep the secret of a confirmed app; the code that confirmed it opens nothing any more."""
    row = count_row(s, staff_id)
    row.totp, row.step = lasting.seal(_COLUMN, staff_id, secret.encode()), step
    row.wrong, row.wrong_since = 0, None
    s.flush()


def count_row(s: Session, staff_id: int) -> SecondFactor:
    """The row in which wrong codes of an account are counted; whoever has any factor has one."""
    row = s.get(SecondFactor, staff_id)
    if row is None:
        row = SecondFactor(staff_id=staff_id)
        s.add(row)
        s.flush()
    return row


def new_codes(s: Session, staff_id: int) -> list[str]:
    """Ten fresh recovery codes, to be shown once; the old ones open nothing any more."""
    s.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    codes = ["".join(secrets.choice(_SIGNS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    s.add_all(RecoveryCode(staff_id=staff_id, code_hash=_hash(staff_id, code)) for code in codes)
    s.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def codes_left(s: Session, staff_id: int) -> int:
    """How many recovery codes were not used yet."""
    return s.scalar(select(func.count()).where(RecoveryCode.staff_id == staff_id)) or 0


def has_app(s: Session, staff_id: int) -> bool:
    """Whether an app was set up."""
    found = select(SecondFactor.staff_id).where(SecondFactor.staff_id == staff_id, SecondFactor.totp.is_not(None))
    return s.scalar(found) is not None


def has_any(staff_id: Any) -> ColumnElement[bool]:
    """SQL: whether an account (a column or a number) has an app or a passkey."""
    return or_(
        exists().where(SecondFactor.staff_id == staff_id, SecondFactor.totp.is_not(None)),
        exists().where(Passkey.staff_id == staff_id),
    )


def has(s: Session, staff_id: int) -> bool:
    """Whether an account has an app or a passkey."""
    return bool(s.scalar(select(has_any(staff_id))))


def take_app(s: Session, staff_id: int) -> None:
    """Forget the app; recovery codes go with the last factor."""
    s.execute(update(SecondFactor).where(SecondFactor.staff_id == staff_id).values(totp=None, step=0))
    drop_codes_without_factor(s, staff_id)


def drop_codes_without_factor(s: Session, staff_id: int) -> None:
    """Recovery codes stand in for something: without it they go."""
    s.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id, ~has_any(staff_id)))


def reset(s: Session, staff_id: int) -> None:
    """Take every factor of an account whose phone is lost, and end its sign-ins: it sets up a new one."""
    for model in (Passkey, RecoveryCode, SecondFactor, SignIn):
        s.execute(delete(model).where(model.staff_id == staff_id))


def passes(staff_id: int | None, typed: str, now: datetime) -> bool:
    """Whether `typed` completes the sign-in of an account whose password was right (None: of nobody).

    An account without a second factor passes with anything: it is led to set one up. A code is used up
    here, in a transaction of its own: of two at once one passes. After ten wrong ones in an hour none is
    looked at, and nobody is told.
    """
    typed = typed.strip().lower()
    with writing() as s:
        if staff_id is not None and not has(s, staff_id):
            return True
        may = _may_try(s, staff_id, now)
        box = s.scalar(select(SecondFactor.totp).where(SecondFactor.staff_id == (staff_id or -1)))
        right = _use_app(s, staff_id, box, typed, now) or _use_recovery(s, staff_id, typed)
        if right and may:
            s.execute(update(SecondFactor).where(SecondFactor.staff_id == staff_id).values(wrong=0, wrong_since=None))
        if not may:
            s.rollback()  # a code that is not looked at is not used up either
        return right and may


def _may_try(s: Session, staff_id: int | None, now: datetime) -> bool:
    """Count a try; False when there were too many."""
    over = or_(SecondFactor.wrong_since.is_(None), SecondFactor.wrong_since <= now - WRONG_FOR)
    counted = s.scalar(
        update(SecondFactor)
        .where(SecondFactor.staff_id == (staff_id or -1), or_(over, SecondFactor.wrong < MOST_WRONG))
        .values(
            wrong=case((over, 1), else_=SecondFactor.wrong + 1),
            wrong_since=case((over, now), else_=SecondFactor.wrong_since),
        )
        .returning(SecondFactor.wrong)
        .execution_options(synchronize_session=False)
    )
    return counted is not None


def _use_app(s: Session, staff_id: int | None, box: bytes | None, typed: str, now: datetime) -> bool:
    secret = _nobodys_secret()
    if staff_id is not None and box is not None:
        try:
            secret = lasting.open_(_COLUMN, staff_id, box).decode()
        except lasting.Damaged:  # the lasting key was lost: a recovery code or the coordinator helps
            box = None
    step = step_of(secret, typed, now)
    if step is None or box is None:
        return False
    mine = (SecondFactor.staff_id == staff_id) & (SecondFactor.step < step)
    used = update(SecondFactor).where(mine).values(step=step).returning(SecondFactor.staff_id)
    return s.scalar(used.execution_options(synchronize_session=False)) is not None


def _use_recovery(s: Session, staff_id: int | None, typed: str) -> bool:
    code = "".join(sign for sign in typed if sign in _SIGNS)
    mine = (RecoveryCode.staff_id == (staff_id or -1)) & (RecoveryCode.code_hash == _hash(staff_id or -1, code))
    return s.scalar(delete(RecoveryCode).where(mine).returning(RecoveryCode.staff_id)) is not None


def _hash(staff_id: int, code: str) -> bytes:
    key = keys.ring().lasting("recovery code")
    return blake2b(f"{staff_id}:{code}".encode(), key=key, digest_size=32).digest()


@cache
def _nobodys_secret() -> str:
    """What is compared for an account that does not exist, so that it costs the same work."""
    return new_secret()

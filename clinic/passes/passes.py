"""Opening, finding, keeping and forgetting a pass."""

from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from clinic.db import Prepared, new_rid
from clinic.passes.models import Pass
from clinic.privacy import codes, keys, sealing

COVER, PHONE = "pass.cover", "pass.phone"
PLAIN = "plain"  # the cover of a pass whose own is unknown

_PASS = cast(Table, Pass.__table__)
_INSERT = Prepared(_PASS.insert(), _PASS.c.keys())
_COLUMNS = (_PASS.c.rid, _PASS.c.language, _PASS.c.cover, _PASS.c.phone, _PASS.c.forget_on, _PASS.c.unreached)
_BY_CODE = select(*_COLUMNS).where(_PASS.c.code_hash == bindparam("code_hash"))
_BY_RID = select(*_COLUMNS).where(_PASS.c.rid == bindparam("rid"))
_HELD = _BY_RID.with_for_update(key_share=True)  # who hangs something from it by its key alone need not wait


class CodeUnknown(Exception):
    """No pass opens with this code."""


class PhoneNeeded(Exception):
    """A message was asked for, and neither the request nor her pass has a number."""


@dataclass(frozen=True, slots=True)
class OpenPass:
    """A pass, opened: what the server knows of her while it lasts."""

    rid: bytes
    language: str
    cover: str
    phone: str | None
    forget_on: date
    unreached: bool = False  # no message reached the number she gave; it is erased, and none is put any more
    lost: bool = False  # its boxes do not open: cover and number are unknown, the code works all the same


def open_pass(s: Session, language: str, cover: str, phone: str | None, forget_on: date) -> tuple[OpenPass, str]:
    """A new pass, forgotten after `forget_on`, and the code that opens it (kept nowhere)."""
    code, rid = codes.new(), new_rid()
    _INSERT.run(
        s,
        {
            "rid": rid,
            "code_hash": codes.hash_(code),
            "language": language,
            "cover": sealing.seal(forget_on, COVER, rid, cover),
            "phone": sealing.seal(forget_on, PHONE, rid, phone) if phone else None,
            "forget_on": forget_on,
            "unreached": False,
        },
    )
    return OpenPass(rid, language, cover, phone, forget_on), code


def find(s: Session, code: str) -> OpenPass:
    """The pass of a code as typed. Raises CodeUnknown, also when its day has passed."""
    normal = codes.normal(code)
    if normal is None:
        raise CodeUnknown
    row = s.execute(_BY_CODE, {"code_hash": codes.hash_(normal)}).one_or_none()
    if row is None:
        raise CodeUnknown
    return _opened(*row)


def of(s: Session, rid: bytes) -> OpenPass:
    """The pass of a row that hangs from it. Raises CodeUnknown when it is gone."""
    row = s.execute(_BY_RID, {"rid": rid}).one_or_none()
    if row is None:
        raise CodeUnknown
    return _opened(*row)


def for_more(
    s: Session, code: str | None, language: str, cover: str, phone: str | None, asks: bool, forget_on: date
) -> tuple[OpenPass, str | None]:
    """What something new hangs from: a new pass and its code, or the pass of her `code`, held and kept long enough.

    A `phone` typed now replaces the number her pass had; `asks` says that a message is asked for.
    Raises CodeUnknown, PhoneNeeded.
    """
    if code is None:
        if asks and phone is None:
            raise PhoneNeeded
        return open_pass(s, language, cover, phone, forget_on)
    pass_ = keep_until(s, hold(s, find(s, code)), forget_on)
    if phone is not None:
        pass_ = set_contact(s, pass_, language, cover, phone)
    elif asks and pass_.phone is None:
        raise PhoneNeeded
    return pass_, None


def hold(s: Session, pass_: OpenPass) -> OpenPass:
    """The pass as it is now; nobody changes or deletes it until the transaction ends. Raises CodeUnknown.

    Whoever writes to a pass, or sends to its number, reads it in this way: what was read before may be a number
    that she has erased since. Days and points are locked before passes, messages and wishes after them.
    """
    row = s.execute(_HELD, {"rid": pass_.rid}).one_or_none()
    if row is None:
        raise CodeUnknown
    return _opened(*row)


def keep_until(s: Session, pass_: OpenPass, forget_on: date) -> OpenPass:
    """Keep a pass at least until `forget_on`: sealed again when that is later than now. Raises CodeUnknown."""
    if forget_on <= pass_.forget_on:  # which never comes nearer
        return pass_
    held = hold(s, pass_)
    return held if forget_on <= held.forget_on else _write(s, replace(held, forget_on=forget_on))


def set_contact(s: Session, pass_: OpenPass, language: str, cover: str, phone: str | None) -> OpenPass:
    """Another language, cover or number for her messages. Raises CodeUnknown."""
    held = hold(s, pass_)
    return _write(s, replace(held, language=language, cover=cover, phone=phone, unreached=False, lost=False))


def unreached(s: Session, rid: bytes, phone: str) -> bool:
    """No message reaches `phone`: where it still is the number of this pass, it is erased. Whether it was."""
    row = s.execute(
        select(_PASS.c.phone).where(_PASS.c.rid == rid).with_for_update(key_share=True)
    ).one_or_none()  # she may just give another
    try:
        if row is None or row.phone is None or sealing.open_(PHONE, rid, row.phone) != phone:
            return False
    except sealing.Unreadable:
        return False
    s.execute(update(Pass).where(Pass.rid == rid).values(phone=None, unreached=True))
    return True


def forget(s: Session, pass_: OpenPass) -> None:
    """Delete the pass and, by cascade, all that hangs from it."""
    s.execute(delete(Pass).where(Pass.rid == pass_.rid))


def _opened(rid: bytes, language: str, cover: bytes, phone: bytes | None, forget_on: date, unreached: bool) -> OpenPass:
    if forget_on < keys.ring().day:  # its key is gone, for good
        raise CodeUnknown
    try:
        return OpenPass(
            rid,
            language,
            sealing.open_(COVER, rid, cover),
            None if phone is None else sealing.open_(PHONE, rid, phone),
            forget_on,
            unreached,
        )
    except sealing.Unreadable:
        return OpenPass(rid, language, PLAIN, None, forget_on, unreached, lost=True)


def _write(s: Session, pass_: OpenPass) -> OpenPass:
    values: dict[str, object] = {"language": pass_.language, "forget_on": pass_.forget_on}
    if not pass_.lost:
        values["unreached"] = pass_.unreached
        values["cover"] = sealing.seal(pass_.forget_on, COVER, pass_.rid, pass_.cover)
        values["phone"] = sealing.seal(pass_.forget_on, PHONE, pass_.rid, pass_.phone) if pass_.phone else None
    s.execute(update(Pass).where(Pass.rid == pass_.rid).values(values))
    return pass_

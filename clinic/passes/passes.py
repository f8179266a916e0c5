"""Opening, finding, keeping and forgetting a pass."""

from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from clinic.db import Prepared, new_rid
from clinic.passes.models import Pass
from clinic.privacy import codes, sealing

COVER, PHONE = "pass.cover", "pass.phone"

_PASS = cast(Table, Pass.__table__)
_INSERT = Prepared(_PASS.insert(), _PASS.c.keys())
_COLUMNS = (_PASS.c.rid, _PASS.c.language, _PASS.c.cover, _PASS.c.phone, _PASS.c.forget_on, _PASS.c.unreached)
_BY_CODE = select(*_COLUMNS).where(_PASS.c.code_hash == bindparam("code_hash"))
_HELD = select(_PASS.c.rid).where(_PASS.c.rid == bindparam("rid")).with_for_update(read=True, key_share=True)
_BY_RID = select(*_COLUMNS).where(_PASS.c.rid == bindparam("rid"))


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
    found = find(s, code)
    hold(s, found)
    pass_ = keep_until(s, found, forget_on)
    if phone is not None:
        pass_ = set_contact(s, pass_, language, cover, phone)
    elif asks and pass_.phone is None:
        raise PhoneNeeded
    return pass_, None


def hold(s: Session, pass_: OpenPass) -> None:
    """Nobody deletes this pass until the transaction ends: something is about to hang from it. Raises CodeUnknown."""
    if s.execute(_HELD, {"rid": pass_.rid}).first() is None:
        raise CodeUnknown


def keep_until(s: Session, pass_: OpenPass, forget_on: date) -> OpenPass:
    """Keep a pass at least until `forget_on`: sealed again when that is later than now."""
    if forget_on <= pass_.forget_on:
        return pass_
    return _write(s, replace(pass_, forget_on=forget_on))


def set_contact(s: Session, pass_: OpenPass, language: str, cover: str, phone: str | None) -> OpenPass:
    """Another language, cover or number for her messages."""
    return _write(s, replace(pass_, language=language, cover=cover, phone=phone, unreached=False))


def unreached(s: Session, rid: bytes, phone: str) -> bool:
    """No message reaches `phone`: where it still is the number of this pass, it is erased. Whether it was."""
    row = s.execute(
        select(_PASS.c.phone).where(_PASS.c.rid == rid).with_for_update(key_share=True)
    ).one_or_none()  # she may just give another
    try:
        if row is None or row.phone is None or sealing.open_(PHONE, rid, row.phone) != phone:
            return False
    except sealing.Gone:
        return False
    s.execute(update(Pass).where(Pass.rid == rid).values(phone=None, unreached=True))
    return True


def forget(s: Session, pass_: OpenPass) -> None:
    """Delete the pass and, by cascade, all that hangs from it."""
    s.execute(delete(Pass).where(Pass.rid == pass_.rid))


def _opened(rid: bytes, language: str, cover: bytes, phone: bytes | None, forget_on: date, unreached: bool) -> OpenPass:
    try:
        return OpenPass(
            rid,
            language,
            sealing.open_(COVER, rid, cover),
            None if phone is None else sealing.open_(PHONE, rid, phone),
            forget_on,
            unreached,
        )
    except sealing.Gone as error:
        raise CodeUnknown from error


def _write(s: Session, pass_: OpenPass) -> OpenPass:
    s.execute(
        update(Pass)
        .where(Pass.rid == pass_.rid)
        .values(
            language=pass_.language,
            cover=sealing.seal(pass_.forget_on, COVER, pass_.rid, pass_.cover),
            phone=sealing.seal(pass_.forget_on, PHONE, pass_.rid, pass_.phone) if pass_.phone else None,
            forget_on=pass_.forget_on,
            unreached=pass_.unreached,
        )
    )
    return pass_

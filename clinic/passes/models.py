"""What she holds: a pass, opened by a code that only she knows."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid
from clinic.privacy.policy import keep


class Pass(Base):
    """Appointments, orders and messages hang from it; it goes after `forget_on`, and they with it."""

    __tablename__ = "pass"
    __table_args__ = (
        CheckConstraint("language IN ('kk','ru','en')", name="language"),
        Index("ix_pass_forget_on", "forget_on"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("pass", "random"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=keep("code", "hashed"))
    language: Mapped[str] = mapped_column(String(2), info=keep("language"))
    cover: Mapped[bytes] = mapped_column(LargeBinary, info=keep("cover", "sealed"))
    phone: Mapped[bytes | None] = mapped_column(LargeBinary, info=keep("phone", "sealed"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))
    # no message reaches the number she gave: it was erased
    unreached: Mapped[bool] = mapped_column(default=False, server_default=false(), info=keep("message"))

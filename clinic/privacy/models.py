"""Answers kept for a moment, so that a form sent twice acts once."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, UtcTime
from clinic.privacy.policy import keep


class Once(Base):
    """One finished act: its answer, sealed with the token that only her form (or API client) holds."""

    __tablename__ = "once"
    __table_args__ = (
        Index("ix_once_expires_at", "expires_at"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    scope: Mapped[str] = mapped_column(String(20), primary_key=True, info=keep("once"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, info=keep("once", "hashed"))
    body_hash: Mapped[bytes] = mapped_column(LargeBinary(32), info=keep("once", "hashed"))
    answer: Mapped[bytes] = mapped_column(LargeBinary, info=keep("once", "sealed"))
    expires_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("once"))

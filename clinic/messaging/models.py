"""The outbox: messages, each try to send one, and the copies to erase at the provider."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid, UtcTime
from clinic.privacy.policy import keep

STATES = (
    "waiting", "sending", "accepted", "sent", "delivered", "undelivered", "failed", "dropped", "expired", "unknown",
)  # fmt: skip
RANK = {
    "waiting": 0, "sending": 1, "accepted": 2, "sent": 3, "unknown": 3, "delivered": 5, "undelivered": 5,
    "failed": 5, "dropped": 5, "expired": 5,
}  # fmt: skip
# To people on duty: at any hour, before all else, out of a budget of their own.
URGENT = ("duty", "duty_test", "duty_call")


class Message(Base):
    """One text to one number: fixed and sealed when it is put, never after `not_after`."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        Index(
            "uq_message_about", "about", "kind", unique=True,
            sqlite_where=text("state IN ('waiting', 'sending') AND dropped_at IS NULL"),
            postgresql_where=text("state IN ('waiting', 'sending') AND dropped_at IS NULL"),
        ),
        Index("ix_message_due_at", "due_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
        Index("ix_message_lease_until", "lease_until", sqlite_where=text("state = 'sending'"),
              postgresql_where=text("state = 'sending'")),
        Index("ix_message_about", "about"),
        Index("ix_message_pass_id", "pass_id"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )  # fmt: skip

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("message", "random"))
    pass_id: Mapped[bytes | None] = mapped_column(
        Rid, ForeignKey("pass.rid", ondelete="CASCADE"), info=keep("message", "random")
    )
    about: Mapped[str] = mapped_column(String(60), info=keep("message", "random"))  # "appointment:<rid hex>"
    kind: Mapped[str] = mapped_column(String(20), info=keep("message"))  # reminder, moved, late …
    to: Mapped[bytes] = mapped_column(LargeBinary, info=keep("phone", "sealed"))
    body: Mapped[bytes] = mapped_column(LargeBinary, info=keep("message", "sealed"))
    due_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("message"))
    not_after: Mapped[datetime] = mapped_column(UtcTime, info=keep("message"))
    state: Mapped[str] = mapped_column(String(12), default="waiting", info=keep("message"))
    rank: Mapped[int] = mapped_column(default=0, info=keep("message"))
    dropped_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("message"))
    error: Mapped[str] = mapped_column(String(40), default="", info=keep("message"))
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("message"))
    tries: Mapped[int] = mapped_column(default=0, info=keep("message"))


class Attempt(Base):
    """One try to send a message; its token stands in the receipt's address."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_started_at", "started_at"),
        Index("ix_attempt_claim", "claim"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    message_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("message.rid", ondelete="CASCADE"), primary_key=True, info=keep("message", "random")
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=keep("message"))
    token: Mapped[str] = mapped_column(String(32), unique=True, info=keep("message", "random"))
    started_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("message"))
    asked: Mapped[int] = mapped_column(default=0, info=keep("message"))  # how often the provider was asked
    absent: Mapped[int] = mapped_column(default=0, info=keep("message"))  # how often it knew nothing of it
    sid: Mapped[str | None] = mapped_column(String(40), unique=True, info=keep("message", "random"))
    outcome: Mapped[str] = mapped_column(String(12), default="", info=keep("message"))
    # of which claim it is: they grow, so that each worker reads what the others sent since it last looked
    claim: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", info=keep("message"))


class Erasure(Base):
    """A copy at the provider that is to be deleted."""

    __tablename__ = "erasure"
    __table_args__ = (Index("ix_erasure_due_at", "due_at"), {"info": {"personal": True}, "sqlite_with_rowid": False})

    sid: Mapped[str] = mapped_column(String(40), primary_key=True, info=keep("message", "random"))
    due_at: Mapped[datetime] = mapped_column(UtcTime, info=keep("message"))
    tries: Mapped[int] = mapped_column(default=0, info=keep("message"))

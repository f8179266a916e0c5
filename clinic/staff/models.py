"""The people who work here: accounts, what each may touch, and who is signed in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, UtcTime

ROLES = ("receptionist", "clinician", "point_keeper", "responder", "coordinator", "administrator")


class Staff(Base):
    """An account; the PIN opens a covered screen, never a new sign-in."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password: Mapped[str] = mapped_column(String(200))  # argon2id
    pin: Mapped[str | None] = mapped_column(String(200))  # argon2id
    language: Mapped[str] = mapped_column(String(2), default="ru")
    off_at: Mapped[datetime | None] = mapped_column(UtcTime)  # switched off: out at the next click


class Membership(Base):
    """A role at one location, or at all locations of an organization."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES!r}", name="role"),
        CheckConstraint("(organization_id IS NULL) <> (location_id IS NULL)", name="exactly_one"),
        Index("uq_membership", "staff_id", "role", "organization_id", "location_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(20))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))


class SignIn(Base):
    """One open sign-in; the browser holds the token, the database its hash."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_ends_at", "ends_at"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)  # 12 hours, or 06:00, whichever comes first
    locked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    wrong_pins: Mapped[int] = mapped_column(default=0)

"""The people who work here: accounts, what each may touch, how she proves herself, and who is signed in."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, UtcTime

ROLES = ("receptionist", "clinician", "point_keeper", "responder", "coordinator", "administrator")
DESK_ROLES = ("receptionist", "clinician", "point_keeper")  # who works at a desk; what a PIN at a shared one may open


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
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))  # at a shared desk
    unsent: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed: a form sent from the covered screen


class SecondFactor(Base):
    """The app on her phone, and how often a wrong code was typed after a right password."""

    __tablename__ = "second_factor"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed with the lasting key
    step: Mapped[int] = mapped_column(default=0)  # the last half minute whose code was used: none is used twice
    wrong: Mapped[int] = mapped_column(default=0)
    wrong_since: Mapped[datetime | None] = mapped_column(UtcTime)


class Passkey(Base):
    """A key in her phone, computer or stick, opened there by finger or PIN."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    name: Mapped[str] = mapped_column(String(40))
    added_on: Mapped[date]
    asked_ms: Mapped[int] = mapped_column(
        BigInteger, default=0
    )  # when the last answered question was asked: only later


class RecoveryCode(Base):
    """A code on paper that stands in for the second factor, once."""

    __tablename__ = "recovery_code"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)


class Invitation(Base):
    """An account that somebody may make, or come back to: its key stands in a link, its code is told by voice."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN organization_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN location_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN for_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="exactly_one",
        ),
        Index("ix_invitation_ends_at", "ends_at"),
    )

    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2))
    roles: Mapped[str] = mapped_column(String(120))  # "receptionist,clinician"; of a forgotten password: ""
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    for_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE")
    )  # whose password is forgotten
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    tries: Mapped[int] = mapped_column(default=0)


class Device(Base):
    """A shared desk: a browser in which people pick their name and type their PIN. It holds a token, we its hash."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str] = mapped_column(String(40))
    added_on: Mapped[date]
    ends_on: Mapped[date]


class PinTries(Base):
    """Wrong PINs of one person at one shared desk since her last right one or full sign-in."""

    __tablename__ = "pin_tries"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(default=0)

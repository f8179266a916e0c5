"""Places and what they offer: organizations, locations, rooms, services, closures, the gazetteer."""

from datetime import date, datetime

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Text3, Text3Type, UtcTime

KINDS = ("clinic", "ngo", "distribution_point", "legal_aid", "mobile")
VISIBILITIES = ("open", "district", "unlisted")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(v) for v in values)})"


class CatalogueVersion(Base):
    """One row: raised by every change of the tables below, so that each process reloads its snapshot."""

    __tablename__ = "catalogue"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


_FIRST_VERSION = DDL("INSERT INTO catalogue (id, version) VALUES (1, 1)")  # type: ignore[no-untyped-call]
event.listen(CatalogueVersion.__table__, "after_create", _FIRST_VERSION)


class Decree(Base):
    """A day that the government made a day off or a working day, beyond the calendar's rules."""

    __tablename__ = "decree"
    __table_args__ = (CheckConstraint("kind IN ('off', 'work')", name="kind"),)

    day: Mapped[date] = mapped_column("date", primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    name: Mapped[Text3] = mapped_column(Text3Type)
    source: Mapped[str] = mapped_column(default="")


class Organization(Base):
    """Who answers for a place."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Text3] = mapped_column(Text3Type)


class Location(Base):
    """A place. Its slug is five random signs: a URL in her history must say nothing."""

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("visibility", VISIBILITIES), name="visibility"),
        CheckConstraint("lat BETWEEN 40 AND 56", name="lat"),
        CheckConstraint("lng BETWEEN 46 AND 88", name="lng"),
        CheckConstraint("days_ahead BETWEEN 1 AND 90", name="days_ahead"),
        CheckConstraint("lead_minutes >= 0 AND cancel_minutes >= 0 AND reveal_minutes >= 0", name="minutes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    key: Mapped[str] = mapped_column(String(60), unique=True)  # the import's handle, never shown
    slug: Mapped[str] = mapped_column(String(8), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    visibility: Mapped[str] = mapped_column(String(10), default="open")
    consent_on: Mapped[date | None]  # the day on which they agreed to be published
    name: Mapped[Text3] = mapped_column(Text3Type)
    city: Mapped[Text3] = mapped_column(Text3Type)
    district: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    address: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    way_in: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    lat: Mapped[float]
    lng: Mapped[float]
    approximate: Mapped[bool] = mapped_column(default=False)  # lat, lng are the town's, not the door's
    phone: Mapped[str] = mapped_column(String(60), default="")
    hours: Mapped[str] = mapped_column(String(500), default="")  # "" = not published
    hours_ph: Mapped[str] = mapped_column(String(200), default="off")
    languages: Mapped[str] = mapped_column(String(60), default="")  # "kk,ru,uz"
    step_free: Mapped[bool | None]
    all_genders: Mapped[bool | None]
    with_migrants: Mapped[bool | None]
    bookable: Mapped[bool] = mapped_column(default=False)  # they look at a roster here
    lead_minutes: Mapped[int] = mapped_column(default=20)
    days_ahead: Mapped[int] = mapped_column(default=14)
    cancel_minutes: Mapped[int] = mapped_column(default=0)
    grace_minutes: Mapped[int] = mapped_column(default=10)
    reveal_minutes: Mapped[int] = mapped_column(default=60)
    source: Mapped[str] = mapped_column(String(300), default="")
    source_date: Mapped[str] = mapped_column(String(20), default="")  # as published: "2026-07", "undated"
    checked_on: Mapped[date | None]
    checked_by: Mapped[str] = mapped_column(String(80), default="")
    desk_seen_on: Mapped[date | None]  # when its roster was last opened
    example: Mapped[bool] = mapped_column(default=False)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcTime)  # "Stop tonight": shown to nobody until reopened
    stopped_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    must_tell: Mapped[Text3 | None] = mapped_column(Text3Type)  # what it must report to the police, in its own words
    must_tell_on: Mapped[date | None]  # the day on which it said so in writing


class Room(Base):
    """One clinician or chair; the rooms of a location work in parallel."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("id", "location_id"),
        UniqueConstraint("location_id", "key", name="uq_room_key"),
        CheckConstraint("pause >= 0 AND pause % 5 = 0", name="pause"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[Text3] = mapped_column(Text3Type)
    hours: Mapped[str | None] = mapped_column(String(500))  # NULL = the location's
    hours_ph: Mapped[str | None] = mapped_column(String(200))
    pause: Mapped[int] = mapped_column(default=0)  # minutes after each visit, not shown to her
    retired_on: Mapped[date | None]
    phone: Mapped[str] = mapped_column(String(60), default="")  # called for what is done by phone; under her code only


class Service(Base):
    """What is done in a visit. The slug is a neutral word, never a disease."""

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint("minutes > 0 AND minutes % 5 = 0", name="minutes"),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)  # what stands in URLs
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Text3] = mapped_column(Text3Type)
    note: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    minutes: Mapped[int]
    asks_id: Mapped[bool] = mapped_column(default=False)
    walk_in_only: Mapped[bool] = mapped_column(default=False)
    by_phone: Mapped[bool] = mapped_column(default=False)  # she calls at the hour; nobody comes


class RoomService(Base):
    __tablename__ = "room_service"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)


class LocationService(Base):
    """A service a place lists, and what it costs there ("" = not published)."""

    __tablename__ = "location_service"

    location_id: Mapped[int] = mapped_column(ForeignKey("location.id", ondelete="CASCADE"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    cost: Mapped[Text3] = mapped_column(Text3Type, default=Text3())


class Closure(Base):
    """A location or one of its rooms is shut from `starts_at` until `ends_at`; the reason is for staff."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_closure_location_id_ends_at", "location_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    reason: Mapped[Text3] = mapped_column(Text3Type, default=Text3())


class EntryCheck(Base):
    """A one-time link on which somebody at a place looks at its entry, and what they said; expires."""

    __tablename__ = "entry_check"
    __table_args__ = (Index("ix_entry_check_location_id", "location_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    asked_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    answered_on: Mapped[date | None]
    all_right: Mapped[bool | None]
    says: Mapped[str] = mapped_column(String(600), default="")
    settled_on: Mapped[date | None]  # the coordinator has dealt with it


class PlaceName(Base):
    """A town, district or landmark of the gazetteer, and what else it is called."""

    __tablename__ = "place_name"
    __table_args__ = (CheckConstraint("lat BETWEEN 40 AND 56 AND lng BETWEEN 46 AND 88", name="position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(12))  # city | town | district | metro | landmark
    name: Mapped[Text3] = mapped_column(Text3Type)
    within: Mapped[str] = mapped_column(String(60), default="")  # key of the city it lies in
    other_names: Mapped[str] = mapped_column(default="")  # "; "-separated
    lat: Mapped[float]
    lng: Mapped[float]
    weight: Mapped[int] = mapped_column(default=0)  # people living there: breaks ties


class OpenQuestion(Base):
    """What a person has to check before a site may open to the public, and who has answered it."""

    __tablename__ = "open_question"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question: Mapped[Text3] = mapped_column(Text3Type)
    answered_on: Mapped[date | None]
    answered_by: Mapped[str] = mapped_column(String(80), default="")

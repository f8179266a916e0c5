"""Self-test kits: what there is, where, whose; the ledger that keeps the balances true."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, Rid, Text3, Text3Type, UtcTime
from clinic.privacy.policy import keep

SAMPLES = ("oral", "blood")
POINT_KINDS = ("clinic", "ngo", "pharmacy", "outreach", "post", "locker")
ENTRY_KINDS = (
    "received", "reserved", "released", "handed_over", "expired", "damaged", "moved_out", "moved_in", "counted",
    "recalled", "undone",
)  # fmt: skip
ORDER_STATUSES = ("reserved", "backordered", "collected", "cancelled", "released")
LIVE = "status IN ('reserved', 'backordered')"


class KitType(Base):
    """A test to do at home. Without its leaflet's steps and reading window it is not offered."""

    __tablename__ = "kit_type"
    __table_args__ = (
        CheckConstraint(f"sample IN {SAMPLES!r}", name="sample"),
        CheckConstraint("read_from > 0 AND read_to > read_from", name="window"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)  # what stands in URLs
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    letter: Mapped[str] = mapped_column(String(1), unique=True)  # what the counter says: kit A, kit B
    name: Mapped[Text3] = mapped_column(Text3Type)
    needs: Mapped[Text3] = mapped_column(Text3Type)  # one line: what it takes, how long
    sample: Mapped[str] = mapped_column(String(8))
    read_from: Mapped[int]  # minutes after which the answer may be read
    read_to: Mapped[int]  # minutes after which it may not be read any more
    leaflet: Mapped[str] = mapped_column(String(300), default="")  # where steps and window come from
    gtin: Mapped[str] = mapped_column(String(14), default="")
    checked_on: Mapped[date | None]
    checked_by: Mapped[str] = mapped_column(String(80), default="")


class KitStep(Base):
    """One pictured step of a kit type's own instructions."""

    __tablename__ = "kit_step"

    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_type.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    picture: Mapped[str] = mapped_column(String(40))  # a drawing of templates/kits/_pictures.html
    title: Mapped[Text3] = mapped_column(Text3Type)
    text: Mapped[Text3] = mapped_column(Text3Type)


class Point(Base):
    """A location that hands over kits; `version` is its lock, `last_ticket` its counter."""

    __tablename__ = "point"
    __table_args__ = (CheckConstraint(f"kind IN {POINT_KINDS!r}", name="kind"),)

    location_id: Mapped[int] = mapped_column(ForeignKey("location.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    how_to_ask: Mapped[Text3] = mapped_column(Text3Type, default=Text3())
    hold_days: Mapped[int] = mapped_column(default=3)  # an order waits until the end of this day
    version: Mapped[int] = mapped_column(default=0)
    last_ticket: Mapped[int] = mapped_column(default=0)


class PointKit(Base):
    """A kit type that a point hands over, in stock or not."""

    __tablename__ = "point_kit"

    point_id: Mapped[int] = mapped_column(ForeignKey("point.location_id", ondelete="CASCADE"), primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_type.id"), primary_key=True)


class Lot(Base):
    """A production lot; on `expires_on` it may still be given, the day after no more."""

    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("kit_type_id", "number", name="uq_lot_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_type.id"))
    number: Mapped[str] = mapped_column(String(20))
    expires_on: Mapped[date]
    recalled_on: Mapped[date | None]


class Holding(Base):
    """Stock of one lot at one point: balances kept by the ledger, never summed on the way."""

    __tablename__ = "holding"
    __table_args__ = (
        UniqueConstraint("point_id", "lot_id", name="uq_holding_lot"),
        CheckConstraint("0 <= reserved AND reserved <= on_hand", name="balance"),
        Index("ix_holding_lot_id", "lot_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.location_id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)


class Entry(Base):
    """One change of a holding; append-only, undone by a counter-entry. Nothing in it leads to an order."""

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint(f"kind IN {ENTRY_KINDS!r}", name="kind"),
        Index("ix_entry_holding_id", "holding_id"),
        Index("ix_entry_day", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    holding_id: Mapped[int] = mapped_column(ForeignKey("holding.id"))
    kind: Mapped[str] = mapped_column(String(12))
    d_on_hand: Mapped[int] = mapped_column(default=0)
    d_reserved: Mapped[int] = mapped_column(default=0)
    reverses: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(120), default="")
    actor: Mapped[str] = mapped_column(String(80), default="")
    day: Mapped[date]


class KitOrder(Base):
    """Kits set aside (or waited for) under a pass, at one point, until `collect_by`."""

    __tablename__ = "kit_order"
    __table_args__ = (
        CheckConstraint(f"status IN {ORDER_STATUSES!r}", name="status"),
        Index(
            "uq_kit_order_ticket", "point_id", "ticket", unique=True, sqlite_where=text(LIVE),
            postgresql_where=text(LIVE)
        ),
        Index("ix_kit_order_queue", "point_id", "queue", sqlite_where=text("status = 'backordered'"),
              postgresql_where=text("status = 'backordered'")),
        Index("ix_kit_order_pass_id", "pass_id"),
        Index("ix_kit_order_collect_by", "collect_by"),
        Index("ix_kit_order_forget_on", "forget_on"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )  # fmt: skip

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("order", "random"))
    pass_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("pass.rid", ondelete="CASCADE"), info=keep("order", "random")
    )
    point_id: Mapped[int] = mapped_column(ForeignKey("point.location_id"), info=keep("order"))
    status: Mapped[str] = mapped_column(String(12), info=keep("order"))
    ticket: Mapped[int] = mapped_column(info=keep("ticket"))
    noun: Mapped[int] = mapped_column(info=keep("ticket"))
    queue: Mapped[int | None] = mapped_column(info=keep("order"))  # place in the line of back orders, empty when served
    collect_by: Mapped[date | None] = mapped_column(info=keep("order"))  # the last day; None while waiting for stock
    word: Mapped[bytes | None] = mapped_column(LargeBinary, info=keep("order", "sealed"))  # locker number, pick-up word
    tell: Mapped[bool] = mapped_column(default=False, info=keep("order"))  # she asked for a message when it is ready
    remind: Mapped[bool] = mapped_column(default=False, info=keep("order"))  # and for one before the last day
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))


class KitLine(Base):
    """Kits of one order from one holding (an order may be served from several lots)."""

    __tablename__ = "kit_line"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 3", name="quantity"),
        Index("ix_kit_line_order_id", "order_id"),
        Index("ix_kit_line_holding_id", "holding_id"),
        Index(
            "ix_kit_line_handed_at",
            "handed_at",
            sqlite_where=text("handed_at IS NOT NULL"),
            postgresql_where=text("handed_at IS NOT NULL"),
        ),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    rid: Mapped[bytes] = mapped_column(Rid, primary_key=True, info=keep("order", "random"))
    order_id: Mapped[bytes] = mapped_column(
        Rid, ForeignKey("kit_order.rid", ondelete="CASCADE"), info=keep("order", "random")
    )
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_type.id"), info=keep("kit"))
    holding_id: Mapped[int | None] = mapped_column(ForeignKey("holding.id"), info=keep("kit"))  # None: back-ordered
    quantity: Mapped[int] = mapped_column(info=keep("kit"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), info=keep("kit"))  # its handover, to undo
    handed_at: Mapped[datetime | None] = mapped_column(UtcTime, info=keep("order"))  # for the five minutes of undo


class Expected(Base):
    """A delivery that the programme expects: what an honest date for a back order rests on."""

    __tablename__ = "expected"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.location_id"))
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_type.id"))
    quantity: Mapped[int]
    day: Mapped[date]


class Outcome(Base):
    """Counts by city and month, with no link to an order: ordered, collected, results told, harm told."""

    __tablename__ = "outcome"

    city: Mapped[str] = mapped_column(String(60), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)  # 0: not by lot
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    n: Mapped[int]

"""The tables of self-test kits: types, points, lots, the ledger, orders, counts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kit_type",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("sample", sa.String(length=8), nullable=False),
        sa.Column("read_from", sa.Integer(), nullable=False),
        sa.Column("read_to", sa.Integer(), nullable=False),
        sa.Column("leaflet", sa.String(length=300), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("checked_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("sample IN ('oral', 'blood')", name=op.f("ck_kit_type_sample")),
        sa.CheckConstraint("read_from > 0 AND read_to > read_from", name=op.f("ck_kit_type_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_type")),
        sa.UniqueConstraint("letter", name=op.f("uq_kit_type_letter")),
        sa.UniqueConstraint("number", name=op.f("uq_kit_type_number")),
        sa.UniqueConstraint("slug", name=op.f("uq_kit_type_slug")),
    )
    op.create_table(
        "outcome",
        sa.Column("city", sa.String(length=60), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kit_type_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city", "month", "kit_type_id", "lot_id", "what", name=op.f("pk_outcome")),
    )
    op.create_table(
        "kit_step",
        sa.Column("kit_type_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("picture", sa.String(length=40), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kit_type_id"], ["kit_type.id"], name=op.f("fk_kit_step_kit_type_id_kit_type"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kit_type_id", "n", name=op.f("pk_kit_step")),
    )
    op.create_table(
        "lot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kit_type_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("recalled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_type.id"], name=op.f("fk_lot_kit_type_id_kit_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("kit_type_id", "number", name="uq_lot_number"),
    )
    op.create_table(
        "point",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("how_to_ask", sa.JSON(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_ticket", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('clinic', 'ngo', 'pharmacy', 'outreach', 'post', 'locker')", name=op.f("ck_point_kind")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_point_location_id_location"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_point")),
    )
    op.create_table(
        "expected",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("kit_type_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_expected_quantity")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_type.id"], name=op.f("fk_expected_kit_type_id_kit_type")),
        sa.ForeignKeyConstraint(["point_id"], ["point.location_id"], name=op.f("fk_expected_point_id_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expected")),
    )
    op.create_table(
        "holding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= reserved AND reserved <= on_hand", name=op.f("ck_holding_balance")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_holding_lot_id_lot")),
        sa.ForeignKeyConstraint(["point_id"], ["point.location_id"], name=op.f("fk_holding_point_id_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holding")),
        sa.UniqueConstraint("point_id", "lot_id", name="uq_holding_lot"),
    )
    with op.batch_alter_table("holding", schema=None) as batch_op:
        batch_op.create_index("ix_holding_lot_id", ["lot_id"], unique=False)

    op.create_table(
        "kit_order",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("pass_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("noun", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Integer(), nullable=True),
        sa.Column("collect_by", sa.Date(), nullable=True),
        sa.Column("word", sa.LargeBinary(), nullable=True),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("remind", sa.Boolean(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "status IN ('reserved', 'backordered', 'collected', 'cancelled', 'released')",
            name=op.f("ck_kit_order_status"),
        ),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.rid"], name=op.f("fk_kit_order_pass_id_pass"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["point_id"], ["point.location_id"], name=op.f("fk_kit_order_point_id_point")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_kit_order")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("kit_order", schema=None) as batch_op:
        batch_op.create_index("ix_kit_order_collect_by", ["collect_by"], unique=False)
        batch_op.create_index("ix_kit_order_forget_on", ["forget_on"], unique=False)
        batch_op.create_index("ix_kit_order_pass_id", ["pass_id"], unique=False)
        batch_op.create_index(
            "ix_kit_order_queue",
            ["point_id", "queue"],
            unique=False,
            sqlite_where=sa.text("status = 'backordered'"),
            postgresql_where=sa.text("status = 'backordered'"),
        )
        batch_op.create_index(
            "uq_kit_order_ticket",
            ["point_id", "ticket"],
            unique=True,
            sqlite_where=sa.text("status IN ('reserved', 'backordered')"),
            postgresql_where=sa.text("status IN ('reserved', 'backordered')"),
        )

    op.create_table(
        "point_kit",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("kit_type_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_type.id"], name=op.f("fk_point_kit_kit_type_id_kit_type")),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.location_id"], name=op.f("fk_point_kit_point_id_point"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("point_id", "kit_type_id", name=op.f("pk_point_kit")),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holding_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("d_on_hand", sa.Integer(), nullable=False),
        sa.Column("d_reserved", sa.Integer(), nullable=False),
        sa.Column("reverses", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('received', 'reserved', 'released', 'handed_over', 'expired', 'damaged', 'moved_out', 'moved_in', 'counted', 'recalled', 'undone')",
            name=op.f("ck_entry_kind"),
        ),
        sa.ForeignKeyConstraint(["holding_id"], ["holding.id"], name=op.f("fk_entry_holding_id_holding")),
        sa.ForeignKeyConstraint(["reverses"], ["entry.id"], name=op.f("fk_entry_reverses_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("reverses", name=op.f("uq_entry_reverses")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index("ix_entry_day", ["day"], unique=False)
        batch_op.create_index("ix_entry_holding_id", ["holding_id"], unique=False)

    op.create_table(
        "kit_line",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kit_type_id", sa.Integer(), nullable=False),
        sa.Column("holding_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity BETWEEN 1 AND 3", name=op.f("ck_kit_line_quantity")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_kit_line_entry_id_entry")),
        sa.ForeignKeyConstraint(["holding_id"], ["holding.id"], name=op.f("fk_kit_line_holding_id_holding")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_type.id"], name=op.f("fk_kit_line_kit_type_id_kit_type")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["kit_order.rid"], name=op.f("fk_kit_line_order_id_kit_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_kit_line")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("kit_line", schema=None) as batch_op:
        batch_op.create_index("ix_kit_line_holding_id", ["holding_id"], unique=False)
        batch_op.create_index("ix_kit_line_order_id", ["order_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("kit_line", schema=None) as batch_op:
        batch_op.drop_index("ix_kit_line_order_id")
        batch_op.drop_index("ix_kit_line_holding_id")

    op.drop_table("kit_line")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index("ix_entry_holding_id")
        batch_op.drop_index("ix_entry_day")

    op.drop_table("entry")
    op.drop_table("point_kit")
    with op.batch_alter_table("kit_order", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_kit_order_ticket",
            sqlite_where=sa.text("status IN ('reserved', 'backordered')"),
            postgresql_where=sa.text("status IN ('reserved', 'backordered')"),
        )
        batch_op.drop_index(
            "ix_kit_order_queue",
            sqlite_where=sa.text("status = 'backordered'"),
            postgresql_where=sa.text("status = 'backordered'"),
        )
        batch_op.drop_index("ix_kit_order_pass_id")
        batch_op.drop_index("ix_kit_order_forget_on")
        batch_op.drop_index("ix_kit_order_collect_by")

    op.drop_table("kit_order")
    with op.batch_alter_table("holding", schema=None) as batch_op:
        batch_op.drop_index("ix_holding_lot_id")

    op.drop_table("holding")
    op.drop_table("expected")
    op.drop_table("point")
    op.drop_table("lot")
    op.drop_table("kit_step")
    op.drop_table("outcome")
    op.drop_table("kit_type")

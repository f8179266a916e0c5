"""The desk's day: a line without rooms, time that a missed visit gives back, what is awaited, notes of a shift."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CELLS_BEFORE = "visit_cells > 0 AND own_cells >= visit_cells"
CELLS = "visit_cells > 0 AND own_cells >= 0 AND (own_cells >= visit_cells OR room_id IS NULL OR status = 'missed')"
ROOM = "room_id IS NOT NULL OR (pass_id IS NULL AND own_cells = 0 AND status IN ('here', 'cancelled'))"


def upgrade() -> None:
    _appointment(nullable=True, checks={"cells": CELLS, "room": ROOM}, had=("cells",))
    op.create_table(
        "awaited",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("pass_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_awaited_location_id_location")),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.rid"], name=op.f("fk_awaited_pass_id_pass"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_awaited")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_awaited_location_id", "awaited", ["location_id"])
    op.create_index("ix_awaited_pass_id", "awaited", ["pass_id"])
    op.create_table(
        "shift_note",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_shift_note_location_id_location")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_shift_note")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shift_note_location_id", "shift_note", ["location_id"])


def downgrade() -> None:
    op.drop_index("ix_shift_note_location_id", "shift_note")
    op.drop_table("shift_note")
    op.drop_index("ix_awaited_pass_id", "awaited")
    op.drop_index("ix_awaited_location_id", "awaited")
    op.drop_table("awaited")
    op.execute("DELETE FROM appointment WHERE room_id IS NULL")
    op.execute("UPDATE appointment SET own_cells = visit_cells WHERE own_cells < visit_cells")
    _appointment(nullable=False, checks={"cells": CELLS_BEFORE}, had=("cells", "room"))
    if op.get_context().dialect.name == "sqlite":
        _check_of_its_column()


def _appointment(nullable: bool, checks: dict[str, str], had: tuple[str, ...]) -> None:
    """Give the table of visits other constraints; SQLite writes it anew for that."""
    with op.batch_alter_table("appointment", table_kwargs={"sqlite_with_rowid": False}) as batch:
        for name in had:
            batch.drop_constraint(op.f(f"ck_appointment_{name}"), type_="check")
        for name, rule in checks.items():
            batch.create_check_constraint(op.f(f"ck_appointment_{name}"), rule)
        batch.alter_column("room_id", existing_type=sa.Integer(), nullable=nullable)


def _check_of_its_column() -> None:
    """Writing the table anew has made the CHECK of `by_place` one of the table: then the column could not be dropped."""
    with op.batch_alter_table("appointment", table_kwargs={"sqlite_with_rowid": False}) as batch:
        batch.drop_constraint(op.f("ck_appointment_by_place"), type_="check")
        batch.alter_column("by_place", new_column_name="by_place_was")
    op.execute(
        "ALTER TABLE appointment ADD COLUMN by_place VARCHAR(8) DEFAULT '' NOT NULL"
        " CONSTRAINT ck_appointment_by_place CHECK (by_place IN ('', 'moved', 'closed', 'stopped'))"
    )
    op.execute("UPDATE appointment SET by_place = by_place_was")
    op.execute("ALTER TABLE appointment DROP COLUMN by_place_was")

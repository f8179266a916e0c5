"""Stop tonight, what a place did to a visit, and links on which a place looks at its entry."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("location", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("location", sa.Column("stopped_by", sa.String(length=80), nullable=False, server_default=""))
    # with its CHECK in one statement, which neither database needs to copy the table for
    op.execute(
        "ALTER TABLE appointment ADD COLUMN by_place VARCHAR(8) DEFAULT '' NOT NULL"
        " CONSTRAINT ck_appointment_by_place CHECK (by_place IN ('', 'moved', 'closed', 'stopped'))"
    )
    op.create_table(
        "entry_check",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("all_right", sa.Boolean(), nullable=True),
        sa.Column("says", sa.String(length=600), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_entry_check_location_id_location")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_entry_check")),
    )
    op.create_index("ix_entry_check_location_id", "entry_check", ["location_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_entry_check_location_id", "entry_check")
    op.drop_table("entry_check")
    op.execute("ALTER TABLE appointment DROP COLUMN by_place")
    op.drop_column("location", "stopped_by")
    op.drop_column("location", "stopped_at")

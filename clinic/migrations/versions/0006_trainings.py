"""The tables of the trainings: what is planned, and the seats that hang from passes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "training",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("for_whom", sa.JSON(), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("way", sa.LargeBinary(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("last_ticket", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("attended", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('physical', 'digital')", name=op.f("ck_training_kind")),
        sa.CheckConstraint("place IN ('open', 'code', 'online')", name=op.f("ck_training_place")),
        sa.CheckConstraint("0 <= taken AND taken <= seats AND seats <= 500", name=op.f("ck_training_seats")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_training_minutes")),
        sa.CheckConstraint("attended IS NULL OR attended = 0 OR attended >= 5", name=op.f("ck_training_attended")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_training_location_id_location")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
    )
    with op.batch_alter_table("training", schema=None) as batch_op:
        batch_op.create_index("ix_training_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "seat",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("training_id", sa.Integer(), nullable=False),
        sa.Column("pass_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("noun", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Integer(), nullable=True),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=True),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.rid"], name=op.f("fk_seat_pass_id_pass"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["training_id"], ["training.id"], name=op.f("fk_seat_training_id_training")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_seat")),
        sa.UniqueConstraint("training_id", "pass_id", name="uq_seat_pass"),
        sa.UniqueConstraint("training_id", "ticket", name="uq_seat_ticket"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index("ix_seat_pass_id", ["pass_id"], unique=False)
        batch_op.create_index("ix_seat_forget_on", ["forget_on"], unique=False)


def downgrade() -> None:
    op.drop_table("seat")
    op.drop_table("training")

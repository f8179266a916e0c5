"""The waiting list: wishes, their places, and the free times that are known to each."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wish",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("pass_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("queue", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_wish_days")),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.rid"], name=op.f("fk_wish_pass_id_pass"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_wish")),
        sa.UniqueConstraint("queue", name=op.f("uq_wish_queue")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("wish", schema=None) as batch_op:
        batch_op.create_index("ix_wish_forget_on", ["forget_on"], unique=False)
        batch_op.create_index("ix_wish_pass_id", ["pass_id"], unique=False)
    op.create_table(
        "wish_location",
        sa.Column("wish_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_wish_location_location_id_location")),
        sa.ForeignKeyConstraint(
            ["wish_id"], ["wish.rid"], name=op.f("fk_wish_location_wish_id_wish"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wish_id", "location_id", name=op.f("pk_wish_location")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("wish_location", schema=None) as batch_op:
        batch_op.create_index("ix_wish_location_location_id", ["location_id"], unique=False)
    op.create_table(
        "wish_told",
        sa.Column("wish_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_cell", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["wish_id"], ["wish.rid"], name=op.f("fk_wish_told_wish_id_wish"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("wish_id", "location_id", "start_cell", name=op.f("pk_wish_told")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("wish_told")
    with op.batch_alter_table("wish_location", schema=None) as batch_op:
        batch_op.drop_index("ix_wish_location_location_id")

    op.drop_table("wish_location")
    with op.batch_alter_table("wish", schema=None) as batch_op:
        batch_op.drop_index("ix_wish_pass_id")
        batch_op.drop_index("ix_wish_forget_on")

    op.drop_table("wish")

"""What the server holds of sealed notes: boxes, the week, a hash that finds the conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("lookup_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("size_class", sa.Integer(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.CheckConstraint("size_class BETWEEN 0 AND 8", name=op.f("ck_report_size_class")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_report")),
        sa.UniqueConstraint("lookup_hash", name=op.f("uq_report_lookup_hash")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index("ix_report_forget_on", ["forget_on"], unique=False)
        batch_op.create_index("ix_report_week", ["week"], unique=False)

    op.create_table(
        "report_reply",
        sa.Column("report_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hers", sa.Boolean(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("size_class", sa.Integer(), nullable=False),
        sa.CheckConstraint("size_class BETWEEN 0 AND 8", name=op.f("ck_report_reply_size_class")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.rid"], name=op.f("fk_report_reply_report_id_report"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "n", name=op.f("pk_report_reply")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_canary",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("word_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_report_canary")),
    )


def downgrade() -> None:
    op.drop_table("report_canary")
    op.drop_table("report_reply")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index("ix_report_week")
        batch_op.drop_index("ix_report_forget_on")

    op.drop_table("report")

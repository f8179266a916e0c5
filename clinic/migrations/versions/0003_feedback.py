"""How visits were: counters, what is published of them, and lines for the coordinator."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("location_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_feedback_n")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_feedback_location_id_location")),
        sa.PrimaryKeyConstraint("location_id", "what", name=op.f("pk_feedback")),
    )
    op.create_table(
        "feedback_shown",
        sa.Column("location_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("respected", sa.Integer(), nullable=False),
        sa.Column("private", sa.Integer(), nullable=False),
        sa.Column("again", sa.Integer(), nullable=False),
        sa.CheckConstraint("answers > 0 AND answers % 10 = 0", name=op.f("ck_feedback_shown_answers")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_feedback_shown_location_id_location")),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_feedback_shown")),
    )
    op.create_table(
        "feedback_line",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_feedback_line_location_id_location")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_feedback_line")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("feedback_line", schema=None) as batch_op:
        batch_op.create_index("ix_feedback_line_forget_on", ["forget_on"], unique=False)
        batch_op.create_index("ix_feedback_line_location_id", ["location_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("feedback_line", schema=None) as batch_op:
        batch_op.drop_index("ix_feedback_line_location_id")
        batch_op.drop_index("ix_feedback_line_forget_on")

    op.drop_table("feedback_line")
    op.drop_table("feedback_shown")
    op.drop_table("feedback")

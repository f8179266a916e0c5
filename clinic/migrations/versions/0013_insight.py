"""Who came late, searches that found no time, what was offered."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "offered",
        sa.Column("location_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_offered_location_id_location")),
        sa.PrimaryKeyConstraint("location_id", "day", "hour", name=op.f("pk_offered")),
    )
    op.create_table(
        "unmet",
        sa.Column("area", sa.String(length=60), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area", "week", "part", name=op.f("pk_unmet")),
    )


def downgrade() -> None:
    op.drop_table("unmet")
    op.drop_table("offered")
    op.drop_column("appointment", "late")

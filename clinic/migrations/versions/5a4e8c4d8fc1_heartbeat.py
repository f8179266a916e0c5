"""A heartbeat for each thread of the worker, in the place of the one pulse of signals."""

import sqlalchemy as sa
from alembic import op

revision = "5a4e8c4d8fc1"
down_revision = "46bfef1e4456"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_heartbeat")),
    )
    op.drop_table("pulse")


def downgrade() -> None:
    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse")),
    )
    op.drop_table("heartbeat")

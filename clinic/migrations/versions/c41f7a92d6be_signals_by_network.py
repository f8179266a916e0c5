"""From which network a signal came, as two bytes of a day's hash, and when her page was last open."""

import sqlalchemy as sa
from alembic import op

revision = "c41f7a92d6be"
down_revision = "d19c626420dd"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('calling', 'unanswered', 'taken')")


def upgrade() -> None:
    op.add_column("alert", sa.Column("network", sa.LargeBinary(length=2), nullable=True))
    op.add_column("alert", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_alert_open", "alert", ["state"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_alert_taken_by", "alert", ["taken_by"])


def downgrade() -> None:
    op.drop_index("ix_alert_taken_by", "alert")
    op.drop_index("ix_alert_open", "alert")
    op.drop_column("alert", "seen_at")
    op.drop_column("alert", "network")

"""A number that no message reaches; what the claims of messages and the undo of a handover look up."""

import sqlalchemy as sa
from alembic import op

revision = "b629efa4e094"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pass", sa.Column("unreached", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("attempt", sa.Column("claim", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_attempt_started_at", "attempt", ["started_at"])
    op.create_index("ix_attempt_claim", "attempt", ["claim"])
    handed = sa.text("handed_at IS NOT NULL")
    op.create_index("ix_kit_line_handed_at", "kit_line", ["handed_at"], sqlite_where=handed, postgresql_where=handed)


def downgrade() -> None:
    op.drop_index("ix_kit_line_handed_at", "kit_line")
    op.drop_index("ix_attempt_claim", "attempt")
    op.drop_index("ix_attempt_started_at", "attempt")
    op.drop_column("attempt", "claim")
    op.drop_column("pass", "unreached")

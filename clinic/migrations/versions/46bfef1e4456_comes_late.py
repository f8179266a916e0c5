"""By how much later she says that she comes."""

import sqlalchemy as sa
from alembic import op

revision = "46bfef1e4456"
down_revision = "c41f7a92d6be"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("comes_late", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("appointment", "comes_late")

"""Services that are done by phone, and the number that a room is called at."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service", sa.Column("by_phone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("room", sa.Column("phone", sa.String(length=60), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("room", "phone")
    op.drop_column("service", "by_phone")

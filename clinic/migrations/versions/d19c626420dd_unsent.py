"""A form that was sent from a covered screen waits, sealed, with the sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "d19c626420dd"
down_revision = "b629efa4e094"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in", sa.Column("unsent", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_in", "unsent")

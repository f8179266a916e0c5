"""What a place must report to the police, and the day on which it said so in writing."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("location", sa.Column("must_tell", sa.JSON(), nullable=True))
    op.add_column("location", sa.Column("must_tell_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("location", "must_tell_on")
    op.drop_column("location", "must_tell")

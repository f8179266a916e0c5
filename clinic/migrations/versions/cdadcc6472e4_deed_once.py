"""The same deed of the same person in the same hour stands once, whoever writes at the same moment."""

import sqlalchemy as sa
from alembic import op

revision = "cdadcc6472e4"
down_revision = "aac52284207e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "DELETE FROM audit WHERE id NOT IN"
        " (SELECT min(id) FROM audit GROUP BY hour, actor, verb, thing, coalesce(location, 0))"
    )
    deed = ["hour", "actor", "verb", "thing"]
    op.create_index("uq_audit_deed", "audit", [*deed, "location"], unique=True)
    nowhere = sa.text("location IS NULL")
    op.create_index("uq_audit_deed_nowhere", "audit", deed, unique=True, sqlite_where=nowhere, postgresql_where=nowhere)
    op.drop_index("ix_audit_hour", "audit")


def downgrade() -> None:
    op.create_index("ix_audit_hour", "audit", ["hour"])
    op.drop_index("uq_audit_deed_nowhere", "audit")
    op.drop_index("uq_audit_deed", "audit")

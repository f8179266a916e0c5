"""The register of requests, which nobody changes, and one-time referral codes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQLITE = tuple(
    f"CREATE TRIGGER data_request_no_{act.lower()} BEFORE {act} ON data_request "
    "BEGIN SELECT RAISE(ABORT, 'the register is final'); END"
    for act in ("UPDATE", "DELETE")
)
POSTGRES = (
    "CREATE OR REPLACE FUNCTION data_request_is_final() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''the register is final''; END'",
    "CREATE TRIGGER data_request_is_final BEFORE UPDATE OR DELETE ON data_request "
    "FOR EACH ROW EXECUTE FUNCTION data_request_is_final()",
)


def upgrade() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("basis", sa.String(length=400), nullable=False),
        sa.Column("asked", sa.String(length=1000), nullable=False),
        sa.Column("gave", sa.String(length=8), nullable=False),
        sa.Column("given", sa.String(length=1000), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("lawyer_on", sa.Date(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("written_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("gave IN ('nothing', 'part', 'all')", name=op.f("ck_data_request_gave")),
        sa.ForeignKeyConstraint(["corrects"], ["data_request.id"], name=op.f("fk_data_request_corrects_data_request")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_data_request_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("corrects", name=op.f("uq_data_request_corrects")),
    )
    op.create_index("ix_data_request_organization_id", "data_request", ["organization_id"], unique=False)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)
    op.create_table(
        "referral",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_referral")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_referral_forget_on", "referral", ["forget_on"], unique=False)


def downgrade() -> None:
    op.drop_table("referral")
    op.drop_table("data_request")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION data_request_is_final")

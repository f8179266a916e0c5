"""Duty, signals with their log and words, check-ins, drills, the worker's pulse."""

import sqlalchemy as sa
from alembic import op

from clinic.safety.alerts.models import REFUSE_UPDATE_POSTGRES, REFUSE_UPDATE_SQLITE

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("shown_as", sa.String(length=30), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("tests", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_duty_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_staff_id_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_duty")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("duty", schema=None) as batch_op:
        batch_op.create_index("ix_duty_ends_at", ["ends_at"], unique=False)

    op.create_table(
        "drill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("sent_seconds", sa.Double(), nullable=True),
        sa.Column("taken_seconds", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_drill_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill")),
    )
    with op.batch_alter_table("drill", schema=None) as batch_op:
        batch_op.create_index("ix_drill_began_at", ["began_at"], unique=False)

    op.create_table(
        "alert",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("fires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=True),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("taken_as", sa.String(length=30), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('counting', 'stopped', 'calling', 'unanswered', 'taken', 'safe', 'closed')",
            name=op.f("ck_alert_state"),
        ),
        sa.ForeignKeyConstraint(["drill_id"], ["drill.id"], name=op.f("fk_alert_drill_id_drill")),
        sa.ForeignKeyConstraint(["taken_by"], ["staff.id"], name=op.f("fk_alert_taken_by_staff"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_alert")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_alert_token_hash")),
        info={"personal": True},
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(
            "ix_alert_fires_at",
            ["fires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'counting'"),
            postgresql_where=sa.text("state = 'counting'"),
        )
        batch_op.create_index("ix_alert_forget_at", ["forget_at"], unique=False)
        batch_op.create_index(
            "ix_alert_next_at",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("state = 'calling'"),
            postgresql_where=sa.text("state = 'calling'"),
        )

    op.create_table(
        "alert_event",
        sa.Column("alert_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.rid"], name=op.f("fk_alert_event_alert_id_alert"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "n", name=op.f("pk_alert_event")),
        info={"personal": True},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alert_word",
        sa.Column("alert_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("author", sa.String(length=4), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("author IN ('her', 'duty')", name=op.f("ck_alert_word_author")),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.rid"], name=op.f("fk_alert_word_alert_id_alert"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "n", name=op.f("pk_alert_word")),
        info={"personal": True},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "check_in",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("alert_id", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.rid"], name=op.f("fk_check_in_alert_id_alert"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_check_in")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_check_in_code_hash")),
        info={"personal": True},
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index("ix_check_in_alert_id", ["alert_id"], unique=False)
        batch_op.create_index(
            "ix_check_in_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("alert_id IS NULL"),
            postgresql_where=sa.text("alert_id IS NULL"),
        )

    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in REFUSE_UPDATE_POSTGRES:
            op.execute(statement)
    else:
        for statement in REFUSE_UPDATE_SQLITE:
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("pulse")
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_check_in_due_at", sqlite_where=sa.text("alert_id IS NULL"), postgresql_where=sa.text("alert_id IS NULL")
        )
        batch_op.drop_index("ix_check_in_alert_id")

    op.drop_table("check_in")
    op.drop_table("alert_word")
    op.drop_table("alert_event")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_alert_next_at", sqlite_where=sa.text("state = 'calling'"), postgresql_where=sa.text("state = 'calling'")
        )
        batch_op.drop_index("ix_alert_forget_at")
        batch_op.drop_index(
            "ix_alert_fires_at",
            sqlite_where=sa.text("state = 'counting'"),
            postgresql_where=sa.text("state = 'counting'"),
        )

    op.drop_table("alert")
    with op.batch_alter_table("drill", schema=None) as batch_op:
        batch_op.drop_index("ix_drill_began_at")

    op.drop_table("drill")
    with op.batch_alter_table("duty", schema=None) as batch_op:
        batch_op.drop_index("ix_duty_ends_at")

    op.drop_table("duty")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION alert_event_is_final")

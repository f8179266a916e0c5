"""The tables of the first issue."""

import sqlalchemy as sa
from alembic import op

from clinic.audit import REFUSE_UPDATE_POSTGRES, REFUSE_UPDATE_SQLITE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("location", sa.Integer(), nullable=True),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("thing", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_hour", ["hour"], unique=False)

    op.create_table(
        "catalogue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_catalogue_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue")),
    )
    op.create_table(
        "decree",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('off', 'work')", name=op.f("ck_decree_kind")),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_decree")),
    )
    op.create_table(
        "erasure",
        sa.Column("sid", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_erasure")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index("ix_erasure_due_at", ["due_at"], unique=False)

    op.create_table(
        "once",
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "token_hash", name=op.f("pk_once")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("once", schema=None) as batch_op:
        batch_op.create_index("ix_once_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "open_question",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_open_question")),
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("slug", name=op.f("uq_organization_slug")),
    )
    op.create_table(
        "pass",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("cover", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.CheckConstraint("language IN ('kk','ru','en')", name=op.f("ck_pass_language")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_pass")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_pass_code_hash")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("pass", schema=None) as batch_op:
        batch_op.create_index("ix_pass_forget_on", ["forget_on"], unique=False)

    op.create_table(
        "place_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("within", sa.String(length=60), nullable=False),
        sa.Column("other_names", sa.String(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.CheckConstraint("lat BETWEEN 40 AND 56 AND lng BETWEEN 46 AND 88", name=op.f("ck_place_name_position")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_name")),
        sa.UniqueConstraint("key", name=op.f("uq_place_name_key")),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("note", sa.JSON(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("asks_id", sa.Boolean(), nullable=False),
        sa.Column("walk_in_only", sa.Boolean(), nullable=False),
        sa.CheckConstraint("minutes > 0 AND minutes % 5 = 0", name=op.f("ck_service_minutes")),
        sa.CheckConstraint("number > 0", name=op.f("ck_service_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("number", name=op.f("uq_service_number")),
        sa.UniqueConstraint("slug", name=op.f("uq_service_slug")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("pin", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    op.create_table(
        "tally",
        sa.Column("location_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "week", "hour", "what", name=op.f("pk_tally")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("slug", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("city", sa.JSON(), nullable=False),
        sa.Column("district", sa.JSON(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("way_in", sa.JSON(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("hours", sa.String(length=500), nullable=False),
        sa.Column("hours_ph", sa.String(length=200), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("step_free", sa.Boolean(), nullable=True),
        sa.Column("all_genders", sa.Boolean(), nullable=True),
        sa.Column("with_migrants", sa.Boolean(), nullable=True),
        sa.Column("bookable", sa.Boolean(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("days_ahead", sa.Integer(), nullable=False),
        sa.Column("cancel_minutes", sa.Integer(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("reveal_minutes", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("source_date", sa.String(length=20), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("checked_by", sa.String(length=80), nullable=False),
        sa.Column("desk_seen_on", sa.Date(), nullable=True),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('clinic', 'ngo', 'distribution_point', 'legal_aid', 'mobile')", name=op.f("ck_location_kind")
        ),
        sa.CheckConstraint("visibility IN ('open', 'district', 'unlisted')", name=op.f("ck_location_visibility")),
        sa.CheckConstraint("days_ahead BETWEEN 1 AND 90", name=op.f("ck_location_days_ahead")),
        sa.CheckConstraint("lat BETWEEN 40 AND 56", name=op.f("ck_location_lat")),
        sa.CheckConstraint(
            "lead_minutes >= 0 AND cancel_minutes >= 0 AND reveal_minutes >= 0", name=op.f("ck_location_minutes")
        ),
        sa.CheckConstraint("lng BETWEEN 46 AND 88", name=op.f("ck_location_lng")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_location_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("key", name=op.f("uq_location_key")),
        sa.UniqueConstraint("slug", name=op.f("uq_location_slug")),
    )
    op.create_table(
        "message",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("pass_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("about", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("to", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'accepted', 'sent', 'delivered', 'undelivered', 'failed', 'dropped', 'expired', 'unknown')",
            name=op.f("ck_message_state"),
        ),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.rid"], name=op.f("fk_message_pass_id_pass"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_message")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_about", ["about"], unique=False)
        batch_op.create_index(
            "ix_message_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index(
            "ix_message_lease_until",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index("ix_message_pass_id", ["pass_id"], unique=False)
        batch_op.create_index(
            "uq_message_about",
            ["about", "kind"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'sending') AND dropped_at IS NULL"),
            postgresql_where=sa.text("state IN ('waiting', 'sending') AND dropped_at IS NULL"),
        )

    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_pins", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_in_staff_id_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_ends_at", ["ends_at"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("message_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("absent", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.rid"], name=op.f("fk_attempt_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "n", name=op.f("pk_attempt")),
        sa.UniqueConstraint("sid", name=op.f("uq_attempt_sid")),
        sa.UniqueConstraint("token", name=op.f("uq_attempt_token")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "location_day",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_ticket", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_location_day_location_id_location")),
        sa.PrimaryKeyConstraint("location_id", "day", name=op.f("pk_location_day")),
    )
    op.create_table(
        "location_service",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("cost", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_location_service_location_id_location"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_location_service_service_id_service")),
        sa.PrimaryKeyConstraint("location_id", "service_id", name=op.f("pk_location_service")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("location_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "role IN ('receptionist', 'clinician', 'point_keeper', 'responder', 'coordinator', 'administrator')",
            name=op.f("ck_membership_role"),
        ),
        sa.CheckConstraint(
            "(organization_id IS NULL) <> (location_id IS NULL)", name=op.f("ck_membership_exactly_one")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_membership_location_id_location")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_membership_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_membership_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("uq_membership", ["staff_id", "role", "organization_id", "location_id"], unique=True)

    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("hours", sa.String(length=500), nullable=True),
        sa.Column("hours_ph", sa.String(length=200), nullable=True),
        sa.Column("pause", sa.Integer(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.CheckConstraint("pause >= 0 AND pause % 5 = 0", name=op.f("ck_room_pause")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_room_location_id_location")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("id", "location_id", name=op.f("uq_room_id")),
        sa.UniqueConstraint("location_id", "key", name="uq_room_key"),
    )
    op.create_table(
        "appointment",
        sa.Column("rid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("pass_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("start_cell", sa.Integer(), nullable=False),
        sa.Column("visit_cells", sa.Integer(), nullable=False),
        sa.Column("own_cells", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("noun", sa.Integer(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("forget_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "status IN ('booked', 'here', 'in_room', 'done', 'missed', 'cancelled')", name=op.f("ck_appointment_status")
        ),
        sa.CheckConstraint("visit_cells > 0 AND own_cells >= visit_cells", name=op.f("ck_appointment_cells")),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["pass.rid"], name=op.f("fk_appointment_pass_id_pass"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["room_id", "location_id"], ["room.id", "room.location_id"], name=op.f("fk_appointment_room_id_room")
        ),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_appointment")),
        sa.UniqueConstraint("location_id", "day", "ticket", name="uq_appointment_ticket"),
        sa.UniqueConstraint("rid", "room_id", name="uq_appointment_room"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index("ix_appointment_pass_id", ["pass_id"], unique=False)
        batch_op.create_index(
            "ix_appointment_taken", ["location_id", "day", "room_id", "start_cell", "own_cells"], unique=False
        )

    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_closure_order")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_closure_location_id_location")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_closure_room_id_room")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.create_index("ix_closure_location_id_ends_at", ["location_id", "ends_at"], unique=False)

    op.create_table(
        "room_day",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_day_room_id_room")),
        sa.PrimaryKeyConstraint("room_id", "day", name=op.f("pk_room_day")),
    )
    op.create_table(
        "room_service",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["room.id"], name=op.f("fk_room_service_room_id_room"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_room_service_service_id_service")),
        sa.PrimaryKeyConstraint("room_id", "service_id", name=op.f("pk_room_service")),
    )
    op.create_table(
        "cell",
        sa.Column("room_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cell", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("appointment_id", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id", "room_id"],
            ["appointment.rid", "appointment.room_id"],
            name=op.f("fk_cell_appointment_id_appointment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("room_id", "cell", name=op.f("pk_cell")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("cell", schema=None) as batch_op:
        batch_op.create_index("ix_cell_appointment_id", ["appointment_id"], unique=False)
    op.execute("INSERT INTO catalogue (id, version) VALUES (1, 1)")
    if op.get_context().dialect.name == "sqlite":
        op.execute(REFUSE_UPDATE_SQLITE)
    else:
        for statement in REFUSE_UPDATE_POSTGRES:
            op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("cell", schema=None) as batch_op:
        batch_op.drop_index("ix_cell_appointment_id")

    op.drop_table("cell")
    op.drop_table("room_service")
    op.drop_table("room_day")
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.drop_index("ix_closure_location_id_ends_at")

    op.drop_table("closure")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index("ix_appointment_taken")
        batch_op.drop_index("ix_appointment_pass_id")

    op.drop_table("appointment")
    op.drop_table("room")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index("uq_membership")

    op.drop_table("membership")
    op.drop_table("location_service")
    op.drop_table("location_day")
    op.drop_table("attempt")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_ends_at")

    op.drop_table("sign_in")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_message_about",
            sqlite_where=sa.text("state IN ('waiting', 'sending') AND dropped_at IS NULL"),
            postgresql_where=sa.text("state IN ('waiting', 'sending') AND dropped_at IS NULL"),
        )
        batch_op.drop_index("ix_message_pass_id")
        batch_op.drop_index(
            "ix_message_lease_until",
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.drop_index(
            "ix_message_due_at",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index("ix_message_about")

    op.drop_table("message")
    op.drop_table("location")
    op.drop_table("tally")
    op.drop_table("staff")
    op.drop_table("service")
    op.drop_table("place_name")
    with op.batch_alter_table("pass", schema=None) as batch_op:
        batch_op.drop_index("ix_pass_forget_on")

    op.drop_table("pass")
    op.drop_table("organization")
    op.drop_table("open_question")
    with op.batch_alter_table("once", schema=None) as batch_op:
        batch_op.drop_index("ix_once_expires_at")

    op.drop_table("once")
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.drop_index("ix_erasure_due_at")

    op.drop_table("erasure")
    op.drop_table("decree")
    op.drop_table("catalogue")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_hour")

    op.drop_table("audit")
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_is_final")

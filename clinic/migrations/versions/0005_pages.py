"""Pages in words and their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("section", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("section IN ('help', 'rights', 'health', 'lesson', 'staff')", name=op.f("ck_page_section")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_page")),
    )
    op.create_table(
        "page_version",
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("heading", sa.String(length=80), nullable=False),
        sa.Column("summary", sa.String(length=160), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=80), nullable=False),
        sa.Column("saved_on", sa.Date(), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("language IN ('kk', 'ru', 'en', 'uz', 'uz-cyrl')", name=op.f("ck_page_version_language")),
        sa.CheckConstraint("state IN ('draft', 'checked', 'withdrawn')", name=op.f("ck_page_version_state")),
        sa.CheckConstraint("(state = 'checked') = (reviewed_on IS NOT NULL)", name=op.f("ck_page_version_reviewed")),
        sa.CheckConstraint("(reviewed_on IS NULL) = (reviewed_by = '')", name=op.f("ck_page_version_reviewer")),
        sa.ForeignKeyConstraint(["page"], ["page.number"], name=op.f("fk_page_version_page_page"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("page", "language", "n", name=op.f("pk_page_version")),
    )


def downgrade() -> None:
    op.drop_table("page_version")
    op.drop_table("page")

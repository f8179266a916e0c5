"""Runs the migrations: with foreign keys off on SQLite, since batch mode drops and recreates tables."""

from typing import Any

from alembic import context
from flask import current_app

import clinic.audit
import clinic.booking.models
import clinic.desk.models
import clinic.directory.models
import clinic.kits.models
import clinic.messaging.models
import clinic.passes.models
import clinic.privacy.models
import clinic.safety.alerts.models
import clinic.safety.pages.models
import clinic.safety.referrals.models
import clinic.safety.register.models
import clinic.safety.reports.models
import clinic.safety.trainings.models
import clinic.staff.models  # noqa: F401
from clinic import start
from clinic.db import Base, Text3Type, UtcTime, db


def as_plain_type(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our column types into migrations as the plain types they are, so that old ones need no code."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Text3Type):
        return "sa.JSON()"
    return False


def run() -> None:
    """Migrate inside one transaction; a row that points nowhere afterwards undoes all of it."""
    if "migrate" not in current_app.extensions:  # Alembic was called without `flask db`
        start.register_migrations(current_app._get_current_object())  # type: ignore[attr-defined]
    settings = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.dbapi_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")  # inside a transaction it would do nothing
        try:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                transactional_ddl=True,
                render_item=as_plain_type,
                **settings,
            )
            with context.begin_transaction():
                context.run_migrations()
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                    raise RuntimeError("a migration left rows that point nowhere")
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")


run()

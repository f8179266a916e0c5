"""Every personal column says what it is for; nothing personal tells the order of arrival."""

import re

from flask import Flask
from sqlalchemy import DateTime, Integer

from clinic.db import Base
from clinic.privacy import policy

ABOUT_HER = {"pass", "appointment", "cell", "message", "attempt", "erasure", "once", "kit_order", "kit_line",
             "feedback_line", "wish", "wish_location", "wish_told",
             "seat", "referral", "report", "report_reply", "awaited", "shift_note"}  # fmt: skip


def test_every_column_of_a_personal_table_is_declared(app: Flask) -> None:
    declared = policy.declared(Base.metadata)
    for name in policy.personal_tables(Base.metadata):
        for column in Base.metadata.tables[name].columns:
            assert f"{name}.{column.name}" in declared, f"{name}.{column.name} says not why it is kept"


def test_every_table_that_hangs_from_her_is_personal(app: Flask) -> None:
    personal = set(policy.personal_tables(Base.metadata))
    assert ABOUT_HER <= personal
    for table in Base.metadata.sorted_tables:
        if any(key.column.table.name in personal for key in table.foreign_keys):
            assert table.name in personal


def test_no_personal_table_tells_the_order_of_arrival(app: Flask) -> None:
    for name in policy.personal_tables(Base.metadata):
        table = Base.metadata.tables[name]
        for column in table.primary_key.columns:
            assert not (isinstance(column.type, Integer) and column.autoincrement is True)
        assert not [c.name for c in table.columns if re.search("created|inserted", c.name)]
        if len(table.primary_key.columns) == 1 and not isinstance(next(iter(table.primary_key.columns)).type, DateTime):
            assert table.dialect_options["sqlite"]["with_rowid"] is False


def test_no_column_holds_a_name_or_an_identity(app: Flask) -> None:
    wrong = re.compile("^(iin|passport|birth|surname|email|address|name)$")
    for name in policy.personal_tables(Base.metadata):
        assert not [c.name for c in Base.metadata.tables[name].columns if wrong.match(c.name)]

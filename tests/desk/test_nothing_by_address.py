"""Opening a page of the desk decides nothing: whatever act its address holds, what is kept of her stays as it was."""

from typing import Any

import pytest
from sqlalchemy import Table, select

from clinic.booking import demand, tally
from clinic.db import Base, reading
from clinic.staff.models import ROLES
from tests.desk import routes
from tests.desk.conftest import Desk
from tests.desk.test_nothing_by_route import Hers, hers

__all__ = ["hers"]

# What opening a page may write: who was here when, and that this place opens its roster.
OF_STAFF = ("staff_session", "location", "once", "catalogue", "staff")
ACTS = ("", "here", "in_room", "done", "missed", "undo", "cancel", "move", "next", "hand", "give", "stop", "open",
        "close", "take", "answer", "end", "check", "publish", "save", "off", "recall", "move_all", "ready")  # fmt: skip


def _kept() -> dict[str, Any]:
    """Every row of every table, but of those that say who of the staff is here."""
    with reading() as s:
        tables: list[Table] = [t for t in Base.metadata.sorted_tables if t.name not in OF_STAFF]
        return {table.name: sorted(map(repr, s.execute(select(table)))) for table in tables}


@pytest.mark.parametrize("role", ROLES)
def test_no_address_of_the_desk_does_anything(
    desk: Desk,
    hers: Hers,
    role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tally, "coin", lambda: True)
    monkeypatch.setattr(demand, "WRITTEN_AFTER", 3600.0)
    client, opened = desk.client(routes.login_of(role)), 0
    found = [rule for rule in routes.rules(desk.app) if "GET" in routes.methods(rule)]
    pages = [(routes.address(rule, desk, desk.slug), "POST" in routes.methods(rule)) for rule in found]
    before = _kept()
    for address, acts in pages:
        if "sign-out" in address or "lock" in address or client.get(address).status_code != 200:
            continue
        for act in ACTS if acts else ACTS[:2]:
            fields = {"act": act, "code": hers.codes[0], "phone": "+77015550199", "confirm": "1", "undo": "1"}
            opened += client.get(address, query_string=fields).status_code == 200
    assert _kept() == before
    assert opened > 0

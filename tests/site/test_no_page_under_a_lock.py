"""No page is drawn while a lock is held for writing: who acts does not keep the others waiting for her page."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import pytest
from flask import Flask, before_render_template, render_template
from flask.testing import FlaskClient

from clinic.db import writing
from tests.kits import supplies
from tests.site.conftest import code, words
from tests.site.test_sent_again import Sent, a_note, a_seat, a_visit, a_wish, an_order

writes = local()


@pytest.fixture(autouse=True)
def watched(city: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every template that is drawn looks whether its thread writes."""
    with writing() as s:
        supplies.build(s)
    database = sys.modules["clinic.db"]  # the name in the package is the extension
    turn = database._turn

    @contextmanager
    def counted(engine: Any) -> Iterator[None]:
        with turn(engine):
            writes.now = True
            try:
                yield
            finally:
                writes.now = False

    def look(_app: Flask, template: Any, **_more: Any) -> None:
        assert not getattr(writes, "now", False), f"{template.name} is drawn while the database is being written"

    monkeypatch.setattr(database, "_turn", counted)
    with before_render_template.connected_to(look, city):
        yield


@pytest.mark.parametrize("form", [a_visit, an_order, a_wish, a_seat, a_note])
def test_no_ticket_is_drawn_while_others_wait(she: FlaskClient, form: Callable[[FlaskClient], Sent]) -> None:
    where, fields = form(she)
    assert she.post(where, data=fields).status_code == 200
    assert she.post(where, data=fields).status_code == 200


@pytest.mark.parametrize(
    ("form", "acts"),
    [
        (a_visit, ("times", "move", "calendar", "quiet", "cancel", "cancel")),
        (an_order, ("points", "move", "cancel", "cancel")),
        (a_wish, ("end", "end")),
        (a_seat, ("leave", "leave")),
    ],
)
def test_nothing_under_her_code_is_drawn_while_others_wait(
    she: FlaskClient, form: Callable[[FlaskClient], Sent], acts: tuple[str, ...]
) -> None:
    where, fields = form(she)
    secret = code(she.post(where, data=fields))
    mine = she.post("/ru/mine", data={"code": secret})
    thing = re.search(r'name="(visit|order|wish|seat)" value="([0-9a-f]{32})"', mine.text)
    assert thing
    for act in acts:
        answer = she.post(
            "/ru/mine", data={"code": secret, "act": act, thing[1]: thing[2], "start": "2026-11-25T15:00"}
        )
        assert answer.status_code in (200, 400, 404, 409), words(answer)[:300]
    assert she.post("/ru/mine", data={"code": secret, "act": "forget"}).status_code == 200


def test_the_looking_sees_a_page_drawn_too_early(city: Flask) -> None:
    with city.test_request_context(), writing(), pytest.raises(AssertionError, match="is drawn while"):
        render_template("site/forgotten.html")

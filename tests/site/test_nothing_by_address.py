"""An address that somebody opens changes nothing: whatever stands in it, no row is written, read-only for everybody."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule

from clinic import clock
from clinic.booking import demand, tally
from clinic.db import db, reading, writing
from clinic.directory.models import Location
from clinic.kits.models import KitType, PointKit
from clinic.privacy import tokens
from clinic.safety.trainings.models import Training
from tests.kits import supplies
from tests.site.conftest import Offered, book, code

PHONE = "+77015550187"
# Every act that a form of the public site knows, and none at all.
ACTS = ("", "show", "plain", "check", "book", "wait", "tell", "order", "take", "told", "harm", "start", "state", "add",
        "say", "safe", "open", "later", "end", "times", "move", "cancel", "quiet", "forget", "calendar", "points",
        "felt", "leave", "send", "more")  # fmt: skip


@pytest.fixture(autouse=True)
def _all_is_counted(city: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing() as s:
        supplies.build(s)
    monkeypatch.setattr(tally, "coin", lambda: True)
    monkeypatch.setattr(demand, "WRITTEN_AFTER", 3600.0)  # the walk ends before


@contextmanager
def _unchanged(what: str) -> Iterator[None]:
    """No other connection commits anything: SQLite counts commits for whoever asks."""
    with closing(sqlite3.connect(str(db.engine.url.database))) as watcher:
        before = watcher.execute("PRAGMA data_version").fetchone()
        yield
        assert watcher.execute("PRAGMA data_version").fetchone() == before, what


def _good(she: FlaskClient) -> dict[str, Any]:
    """A field of each name that any form of hers knows, each of them good: she has a code, and the time is free."""
    hers = code(book(she, Offered(she)))
    offered = Offered(she)
    query = select(Location.slug).join(PointKit, PointKit.point_id == Location.id).join(KitType)
    with reading() as s:
        point = s.scalars(query.where(KitType.number == 1).order_by(Location.id)).first()
    return {
        **offered.fields, "token": tokens.new("book"), "phone": PHONE, "code": hers, "confirm": "1", "cover": "plain",
        "lead": "60", "language": "ru", "near": "Алматы", "place": offered.slug, "part": "any", "days": "7",
        "kit": "1", "q": "1", "point": point, "remind": "1", "what": "one_line",
        "until": "23:00", "word": "2583", "forced": "2581", "text": "planted", "alert": "A" * 32, "whole": "1",
        "all_right": "1", "lat": "43.25", "lng": "76.92", "day": clock.today().isoformat(), "visit": "0" * 32,
    }  # fmt: skip


def _address(rule: Rule, slug: str) -> str:
    """An address of a route, at the place where she books."""
    values = {"slug": slug, "day": clock.today().isoformat(), "language": "ru"}
    return re.sub(r"<(?:[^:<>]+(?:\([^)]*\))?:)?(\w+)>", lambda part: values.get(part[1], "1"), rule.rule)


def test_no_address_does_anything_with_any_act_token_number_or_code(city: Flask, she: FlaskClient) -> None:
    fields = _good(she)
    seen = 0
    for rule in city.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/staff"):
            continue
        address = _address(rule, fields["place"])
        with _unchanged(address):
            for act in ACTS if {"POST"} & (rule.methods or set()) else ACTS[:3]:
                answer = she.get(f"/ru{address}", query_string=fields | {"act": act})
                assert answer.status_code < 500, (address, act)
                for planted in (PHONE[1:], fields["code"], fields["token"]):
                    assert planted.encode() not in answer.data, (address, act)
                seen += answer.status_code == 200
    assert seen > 100


@pytest.mark.parametrize(
    ("path", "act"),
    [("at", "plain"), ("at", "book"), ("order", "order"), ("days", "take"), ("wait", "wait"), ("mine", "forget")],
)
def test_the_same_fields_act_when_a_form_sends_them(she: FlaskClient, path: str, act: str) -> None:
    fields = _good(she) | {"token": tokens.new({"at": "book", "days": "seat"}.get(path, path))}
    with reading() as s:
        training = s.scalars(select(Training.id).order_by(Training.starts_at)).all()
    pages = {"at": f"/at/{fields['place']}/book", "order": "/order/points", "days": f"/days/{training[-1]}"}
    with pytest.raises(AssertionError, match="written"), _unchanged("written"):
        she.post(f"/ru{pages.get(path, '/' + path)}", data=fields | {"act": act})


def test_a_time_that_is_asked_about_is_not_counted_against_anybody(make_app: Any) -> None:
    """Only what was taken counts: behind one address of a mobile network stand thousands."""
    app = make_app()
    client = app.test_client()
    for _ in range(40):
        assert client.post("/ru/days/1", data={"act": "show"}).status_code == 404
    for _ in range(30):
        client.post("/ru/days/1", data={"act": "take"})
    assert client.post("/ru/days/1", data={"act": "take"}).status_code == 429
    assert client.post("/ru/days/1", data=MultiDict([("act", "show"), ("act", "take")])).status_code == 429
    assert client.post("/ru/days/1", data={"act": "show"}).status_code == 404

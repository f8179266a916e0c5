"""What bad input gets: a 4xx that names the field, never a 500, nothing half-written.

The fields come from the OpenAPI document: one that nobody attacked here fails the test.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from clinic.booking.models import Appointment, Cell
from clinic.db import reading
from clinic.kits.models import Entry, KitLine, KitOrder
from clinic.messaging.models import Message
from clinic.passes.models import Pass
from clinic.privacy.models import Once
from tests.api.conftest import KEY, TOMORROW, Face, city, shelves

SIX = f"{TOMORROW}T18:00:00+05:00"
MEGABYTE = "x" * 1_000_000
ANY_TEXT = ["", " ", "\x00", "a\x00b", "\u202e\u202d", "\u200f", MEGABYTE]
NO_TEXT: list[Any] = [5, 1.5, True, [], {}, None]
NO_NUMBER: list[Any] = ["5", 1.5, True, [], {}, None, "", "😀", 10**30, -(10**30)]
NO_FLAG: list[Any] = ["true", 1, 0, [], {}, None, "", "😀"]
NO_LIST: list[Any] = ["check", 5, {}, None, [], [5], [None], [[]], [""], ["\x00"], ["😀"], ["nope"], ["check"] * 2]
NO_LIST += [[f"s{n}" for n in range(11)], [MEGABYTE]]
NO_DAY = [
    "2026-02-31",
    "9999-12-31",
    "0000-01-01",
    "2026-11-23",
    "2028-01-01",
    "tomorrow",
    "25.11.2026",
    "2026-11-25T10:00",
]
NO_POSITION = [
    "nan,inf",
    "nan,nan",
    "inf,-inf",
    "43.24",
    "43.24,",
    "76.95,43.24",
    "40.41,49.87",
    "-43.24,76.95",
    "999,999",
]
NO_MOMENT = [
    "2026-11-23T18:00:00+05:00",  # past
    "2026-11-24T19:20:00+05:00",  # past, today
    f"{TOMORROW}T18:03:00+05:00",  # between slots
    f"{TOMORROW}T18:00:01+05:00",
    f"{TOMORROW}T20:50:00+05:00",  # would end after closing
    f"{TOMORROW}T21:00:00+05:00",
    f"{TOMORROW}T13:50:00+05:00",
    "2026-11-28T18:00:00+05:00",  # closed on Saturdays
    "2026-12-30T18:00:00+05:00",  # further ahead than the place plans
    "2026-02-31T18:00:00+05:00",
    "9999-12-31T23:59:59+05:00",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    f"{TOMORROW}T18:00:00",  # no offset
    f"{TOMORROW}T25:00:00+05:00",
    f"{TOMORROW}T18:00:60+05:00",
    f"{TOMORROW}T18:00:00+99:99",
    TOMORROW,
    "1795956000",
    "now",
]
QUERY = [*ANY_TEXT, "😀"]
IN_QUERY: dict[str, list[Any]] = {
    "near": [*QUERY, *NO_POSITION],
    "q": ANY_TEXT,
    "service": [*QUERY, "nope"],
    "day": [*QUERY, *NO_DAY],
    "from": [*QUERY, *NO_DAY],
    "after": [*QUERY, "24:00", "18:60", "6pm", "18", "-1:00"],
    "open_now": [*QUERY, "yes", "2"],
    "kind": [*QUERY, "bank"],
    "limit": [*QUERY, "0", "-1", "101", "1.5", "99999999999999999999"],
    "kit": [*QUERY, "four", "ONE"],
    "days": [*QUERY, "0", "-7", "15", "1e1", "99999999999999999999"],
    "lang": [*QUERY, "de", "KK"],
}
IN_BODY: dict[str, list[Any]] = {
    "near": [*NO_TEXT, *QUERY, *NO_POSITION, [43.24, 76.95]],
    "q": [*NO_TEXT, *ANY_TEXT],
    "service": NO_LIST,
    "day": [*NO_TEXT, *QUERY, *NO_DAY],
    "after": [*NO_TEXT, *QUERY, "24:00", "18:60", "6pm"],
    "open_now": NO_FLAG,
    "kind": [*NO_TEXT, *QUERY, "bank"],
    "limit": [*NO_NUMBER, 0, -1, 101],
    "lang": [*NO_TEXT, *QUERY, "de"],
    "location": [*NO_TEXT, *QUERY, "zzzzz", "../..", "aaaaa "[:5] + "b"],
    "services": [*NO_LIST, ["lab"]],
    "start": [*NO_TEXT, *QUERY, *NO_MOMENT],
    "phone": [*NO_TEXT, *QUERY, "1", "+7 727 234 56 78", "+1 202 555 0100", "call me", "7" * 41],
    "language": [*NO_TEXT, *QUERY, "de"],
    "cover": [*NO_TEXT, *QUERY, "hiv"],
    "remind_minutes": [*NO_NUMBER, 0, -60, 59, 1441],
    "confirm": NO_FLAG,
    "code": [*NO_TEXT, *QUERY, "ABCEH KMPTX Y2345", "<script>", "' OR 1=1 --"],
    "ticket": [*NO_NUMBER, 0, -1, 10_000],
    "kit": [*NO_TEXT, *QUERY, "four", "ONE"],
    "quantity": [*NO_NUMBER, 0, -1, 4, 99, "two"],
    "point": [*NO_TEXT, *QUERY, "zzzzz", "aaaaa", "../.."],  # aaaaa is a place, but no point
}
GOOD_QUERY: dict[str, dict[str, Any]] = {
    "/locations": {},
    "/locations/{slug}": {},
    "/services": {},
    "/kits": {},
    "/points": {},
    "/locations/{slug}/slots": {"service": "check"},
}


@pytest.fixture
def face(demo_app: Flask, evening: time_machine.Traveller) -> Face:
    """The same small city, kits on the shelves, with a sender of SMS and without limits."""
    city(demo_app)
    shelves(demo_app)
    return Face(demo_app.test_client())


def good_bodies(face: Face) -> dict[str, dict[str, Any]]:
    """A request that would succeed, for every call with a body."""
    code = face.book(f"{TOMORROW}T16:00:00+05:00", "the-visit-that-is-there-0001").json["code"]  # type: ignore[index]
    kits = face.order("the-order-that-is-there-0001").json["code"]  # type: ignore[index]
    return {
        "/locations/search": {},
        "/appointments": {
            "location": "aaaaa",
            "services": ["check"],
            "start": SIX,
            "phone": "+7 701 234 56 78",
            "remind_minutes": 120,
        },
        "/appointments/find": {"code": code},
        "/appointments/cancel": {"code": code},
        "/appointments/move": {"code": code, "start": f"{TOMORROW}T17:00:00+05:00"},
        "/points/search": {},
        "/kit-orders": {"kit": "one", "quantity": 2, "point": "aaaae", "phone": "+7 701 234 56 78"},
        "/kit-orders/find": {"code": kits},
        "/kit-orders/cancel": {"code": kits},
    }


def document(face: Face) -> dict[str, Any]:
    told: dict[str, Any] = face.get("/openapi.json").json or {}
    return told


def query_fields(face: Face) -> Iterator[tuple[str, str]]:
    for path, item in document(face)["paths"].items():
        for parameter in item.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                yield path.removeprefix("/api/v1"), parameter["name"]


def body_fields(face: Face) -> Iterator[tuple[str, str]]:
    told = document(face)
    for path, item in told["paths"].items():
        if "post" in item:
            schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
            for name in told["components"]["schemas"][schema]["properties"]:
                yield path.removeprefix("/api/v1"), name


def required(face: Face, path: str) -> list[str]:
    told = document(face)
    schema = told["paths"]["/api/v1" + path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    names: list[str] = told["components"]["schemas"][schema.split("/")[-1]].get("required", [])
    return names


def assert_refused(answer: TestResponse, field: str, attack: object) -> None:
    shown = repr(attack)[:60]
    assert 400 <= answer.status_code < 500, (field, shown, answer.status_code)
    assert answer.mimetype == "application/problem+json", (field, shown)
    told = answer.json
    assert told
    if answer.status_code == 422:
        assert field in told["fields"], (field, shown, told)
        assert all(told["fields"][field]), (field, shown)
    else:
        # too large as a whole, no JSON at all, or a code that opens nothing
        assert (answer.status_code, field) in {(413, field), (400, field), (404, "code"), (404, "ticket")}, (
            field,
            shown,
            told,
        )


def written() -> list[int]:
    tables = (Appointment, Cell, KitOrder, KitLine, Entry, Pass, Message, Once)
    with reading() as s:
        return [s.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_every_query_field_refuses_bad_input(face: Face) -> None:
    fields = list(query_fields(face))
    assert fields
    for path, name in fields:
        for attack in IN_QUERY[name]:
            query = GOOD_QUERY[path] | {name: attack}
            assert_refused(face.get(path.replace("{slug}", "aaaaa"), query), name, attack)


def test_every_body_field_refuses_bad_input_and_nothing_is_written(face: Face) -> None:
    good = good_bodies(face)
    before = written()
    fields = list(body_fields(face))
    assert fields
    for n, (path, name) in enumerate(fields):
        for m, attack in enumerate(IN_BODY[name]):
            answer = face.post(path, good[path] | {name: attack}, f"attack-{n:04}-{m:04}-0123456789")
            assert_refused(answer, name, attack)
        if name in required(face, path):
            body = {key: value for key, value in good[path].items() if key != name}
            assert_refused(face.post(path, body, KEY), name, "missing")
    assert written() == before
    # and each of these requests was only one field away from a good one; what is cancelled can't be moved
    for path, body in sorted(good.items(), key=lambda item: item[0].endswith("cancel")):
        assert face.post(path, body, f"good-key-{path:0>30}".replace("/", "-")).status_code < 300, path


def test_what_can_be_read_safely_is_read(face: Face) -> None:
    marked = {"near": "\u200e43.24, 76.95\u200f", "after": "１８：３０", "limit": "\u202a5\u202c"}
    assert face.get("/locations", marked).status_code == 200
    answer = face.book("\u200e" + SIX.replace("T", "t"), KEY, phone="\u202a8 701 234-56-78\u202c", remind_minutes=120)
    assert answer.status_code == 201
    code = answer.json["code"]  # type: ignore[index]
    cyrillic = code.lower().translate(str.maketrans("abcehkmptxy", "авсенкмртху"))
    assert face.post("/appointments/find", {"code": f"\u200f{cyrillic} "}).status_code == 200


@pytest.mark.parametrize("slug", ["zzzzz", "%F0%9F%98%80", "%00", "x" * 5000, "..%2f..", "%E2%80%AEaaaaa", "AAAAA"])
def test_a_strange_slug_is_not_found(face: Face, slug: str) -> None:
    for path in (f"/api/v1/locations/{slug}", f"/api/v1/locations/{slug}/slots?service=check"):
        answer = face.client.get(path)
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b'{"near": NaN}', 400),
        (b'{"q": "\\ud800"}', 400),
        (b"[" * 5_000, 400),
        (b"1" * 5_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b'{"unknown": 1}', 422),
        (b'{"q": "' + b"x" * 1_000_000 + b'"}', 413),
    ],
)
def test_a_strange_body_is_refused(face: Face, body: bytes, status: int) -> None:
    for path in ("/locations/search", "/appointments", "/appointments/find", "/kit-orders"):
        answer = face.client.post(
            f"/api/v1{path}", data=body, content_type="application/json", headers={"Idempotency-Key": KEY}
        )
        assert answer.status_code == status, (path, body[:20])
        assert answer.mimetype == "application/problem+json"


def test_a_chunked_body_is_refused_before_it_is_read(face: Face) -> None:
    for path in (
        "/locations/search",
        "/appointments",
        "/appointments/find",
        "/appointments/cancel",
        "/appointments/move",
        "/points/search",
        "/kit-orders",
        "/kit-orders/find",
        "/kit-orders/cancel",
    ):
        environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        answer = face.client.post(f"/api/v1{path}", content_type="application/json", environ_overrides=environ)
        assert answer.status_code == 411
        assert answer.json
        assert answer.json["code"] == "invalid"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_called_json_is_refused(face: Face, kind: str) -> None:
    for path in ("/locations/search", "/appointments", "/appointments/find", "/kit-orders"):
        answer = face.client.post(f"/api/v1{path}", data=b"{}", content_type=kind)
        assert answer.status_code == 415
        assert answer.mimetype == "application/problem+json"


def test_a_method_that_is_not_offered_is_refused_with_allow(face: Face) -> None:
    for method in ("TRACE", "PUT", "DELETE", "PATCH"):
        answer = face.client.open("/api/v1/locations", method=method)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert answer.mimetype == "application/problem+json"
    assert set(face.client.get("/api/v1/appointments").headers["Allow"].split(", ")) == {"POST", "OPTIONS"}

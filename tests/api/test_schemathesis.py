"""schemathesis over the OpenAPI document: what it allows is answered, what it promises is kept.

One test lets it invent requests; the other reaches every documented answer by hand, refusals and all,
so that the document promises nothing that never comes.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from jsonschema import validators
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinic import clock
from clinic.api.idempotency import SCOPE
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.kits import counter
from clinic.kits.catalogue import kits
from clinic.kits.models import KitOrder
from clinic.privacy import once
from clinic.privacy.limits import limiter
from tests.api.conftest import KEY, TOMORROW, Face, city, shelves

SIX = f"{TOMORROW}T18:00:00+05:00"
SEVEN = f"{TOMORROW}T19:00:00+05:00"
ALL_CHECKS = list(HealthCheck)
PLAIN = {"Accept-Encoding": "identity"}  # its client can't read what is compressed
CHANGES = (
    "/appointments/find",
    "/appointments/cancel",
    "/appointments/move",
    "/kit-orders/find",
    "/kit-orders/cancel",
)
NAMES = dict.fromkeys(CHANGES, ("code",)) | {
    "/appointments": ("location", "services", "start"),
    "/appointments/move": ("code", "start"),
    "/kit-orders": ("kit", "quantity", "point"),
}
Answers = dict[tuple[str, str], set[tuple[int, str]]]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_schemathesis_invents_is_answered_as_documented(
    demo_app: Flask, evening: time_machine.Traveller, mode: GenerationMode
) -> None:
    city(demo_app)
    shelves(demo_app)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", demo_app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 15
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=ALL_CHECKS)
        def ask(case: Any) -> None:
            # what the schema allows may still be no slot, no place, no day ahead: 404, 409 and 422 are right
            case.call_and_validate(headers=PLAIN, excluded_checks=[positive_data_acceptance])
            db.session.remove()

        ask()


def test_every_documented_answer_is_reached_and_looks_as_documented(
    pg_app: Flask, evening: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    city(pg_app)
    shelves(pg_app)
    face = Face(pg_app.test_client())
    document = face.get("/openapi.json").json
    assert document
    reached: Answers = {}

    def note(call: str, path: str, answer: TestResponse) -> TestResponse:
        operation = document["paths"]["/api/v1" + path][call.lower()]
        told = answer.json or {}
        described = operation["responses"][str(answer.status_code)]["content"][answer.mimetype]["schema"]
        validators.Draft202012Validator({**described, "components": document["components"]}).validate(told)
        if answer.status_code >= 400:
            assert told["status"] == answer.status_code
        reached.setdefault((call, path), set()).add(
            (answer.status_code, told.get("code", "") if answer.status_code >= 400 else "")
        )
        return answer

    monkeypatch.setattr(limiter, "enabled", False)
    _read(face, note)
    _refuse_bodies(face, note)
    _book(face, note)
    _order(face, note)
    monkeypatch.undo()
    for path in ("/appointments", "/kit-orders", *CHANGES):
        body: dict[str, Any] = {"location": "zzzzz", "services": ["check"], "start": SIX, "code": "none"}
        body |= {"kit": "four", "quantity": 1, "point": "zzzzz"}
        asked = {name: body[name] for name in NAMES[path]}
        while note("POST", path, face.post(path, asked, KEY)).status_code != 429:
            evening.shift(1)
    assert reached == documented(document)


def documented(document: dict[str, Any]) -> Answers:
    """Every (status, code) of every call, from the document alone."""
    found: Answers = {}
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters"}:
            answers = found.setdefault((method.upper(), path.removeprefix("/api/v1")), set())
            for status, answer in item[method]["responses"].items():
                codes = re.findall(r"`(\w+)`", answer["description"]) if int(status) >= 400 else [""]
                answers.update((int(status), code) for code in codes)
    return found


Note = Callable[[str, str, TestResponse], TestResponse]


def _read(face: Face, note: Note) -> None:
    note("GET", "/locations", face.get("/locations", {"near": "43.24,76.95", "service": "check"}))
    note("GET", "/locations", face.get("/locations", {"limit": -1}))
    for slug in ("aaaaa", "aaaab", "aaaad", "zzzzz"):
        note("GET", "/locations/{slug}", face.get(f"/locations/{slug}"))
        note("GET", "/locations/{slug}/slots", face.get(f"/locations/{slug}/slots", {"service": "check"}))
    note("GET", "/locations/{slug}", face.get("/locations/aaaaa", {"lang": "de"}))
    note("GET", "/locations/{slug}/slots", face.get("/locations/aaaaa/slots"))
    note("GET", "/services", face.get("/services"))
    note("GET", "/services", face.get("/services", {"lang": "de"}))
    note("POST", "/locations/search", face.post("/locations/search", {"q": "Алматы"}))
    note("POST", "/locations/search", face.post("/locations/search", {"near": "0,0"}))
    note("GET", "/kits", face.get("/kits"))
    note("GET", "/kits", face.get("/kits", {"lang": "de"}))
    note("GET", "/points", face.get("/points", {"near": "43.24,76.95", "kit": "one"}))
    note("GET", "/points", face.get("/points", {"kit": "four"}))
    note("POST", "/points/search", face.post("/points/search", {"q": "Алматы"}))
    note("POST", "/points/search", face.post("/points/search", {"near": "0,0"}))


def _refuse_bodies(face: Face, note: Note) -> None:
    headers = {"Idempotency-Key": KEY}
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    kind = "application/json"
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
        url = f"/api/v1{path}"
        for body in (b"{", b"x" * 100_000, b'{"q": 1, "code": 1}'):
            note("POST", path, face.client.post(url, data=body, content_type=kind, headers=headers))
        note("POST", path, face.client.post(url, data=b"{}", content_type="text/plain", headers=headers))
        note("POST", path, face.client.post(url, content_type=kind, headers=headers, environ_overrides=chunked))


def _book(face: Face, note: Note) -> None:
    def book(key: str, **more: Any) -> TestResponse:
        body = {"location": "aaaaa", "services": ["check"], "start": SIX, **more}
        return note("POST", "/appointments", face.post("/appointments", body, key))

    def change(what: str, **body: Any) -> TestResponse:
        return note("POST", f"/appointments/{what}", face.post(f"/appointments/{what}", body))

    def set_place(**values: Any) -> None:
        with writing() as s:
            place = s.get(Location, 1)
            for name, value in values.items():
                setattr(place, name, value)
            catalogue.changed(s)

    first = book("first-key-0123456789012").json
    assert first
    book("first-key-0123456789012", start=SEVEN)  # the key again, for something else
    book("second-key-012345678901")  # taken
    book("third-key-0123456789012", start=SEVEN)
    book("other-key-0123456789012", location="aaaad")
    book("unknown-key-01234567890", start=f"{TOMORROW}T20:00:00+05:00", code="ABCEH KMPTX Y2345")
    with writing() as s:  # the same key, in a transaction that has not ended yet
        once.run(s, SCOPE, KEY, b"", once.API_KEPT, clock.now(), lambda: {"busy": book(KEY).status_code})
    change("find", code=first["code"])
    change("find", code="ABCEH KMPTX Y2345")
    change("cancel", code="ABCEH KMPTX Y2345")
    change("move", code="ABCEH KMPTX Y2345", start=SIX)
    change("move", code=first["code"], start=SEVEN)  # taken
    set_place(lead_minutes=60)
    book("soon-key-01234567890123", start="2026-11-24T20:00:00+05:00")
    change("move", code=first["code"], start="2026-11-24T20:00:00+05:00")
    set_place(desk_seen_on=None)
    change("move", code=first["code"], start=f"{TOMORROW}T15:00:00+05:00")
    set_place(lead_minutes=0, desk_seen_on=clock.today(), cancel_minutes=5_000)
    change("move", code=first["code"], start="2026-11-26T15:00:00+05:00")  # too late for another day
    change("cancel", code=first["code"])
    set_place(cancel_minutes=0)
    change("move", code=first["code"], start=f"{TOMORROW}T15:00:00+05:00")
    change("cancel", code=first["code"])


def _order(face: Face, note: Note) -> None:
    def order(key: str, **more: Any) -> TestResponse:
        return note("POST", "/kit-orders", face.order(key, **more))

    def change(what: str, **body: Any) -> TestResponse:
        return note("POST", f"/kit-orders/{what}", face.post(f"/kit-orders/{what}", body))

    first = order("kits-key-01234567890123", quantity=3).json
    assert first
    order("kits-key-01234567890123", quantity=2)  # the key again, for something else
    order("more-key-01234567890123", quantity=3)  # two are left
    order("near-key-01234567890123", near="43.24,76.95", quantity=3)
    order("code-key-01234567890123", code="ABCEH KMPTX Y2345")
    with writing() as s:
        dark = s.execute(select(Location).where(Location.slug == "aaaah")).scalar_one()
        dark.desk_seen_on = None
        catalogue.changed(s)
    order("dark-key-01234567890123", point="aaaah")
    busy = "busy-key-01234567890123"
    with writing() as s:
        once.run(s, SCOPE, busy, b"", once.API_KEPT, clock.now(), lambda: {"busy": order(busy).status_code})
    change("find", code=first["code"])
    change("find", code="ABCEH KMPTX Y2345")
    change("cancel", code="ABCEH KMPTX Y2345")
    with writing() as s:
        cat = catalogue.current(s)
        rid = s.execute(select(KitOrder.rid).where(KitOrder.ticket == first["ticket"]["number"])).scalars().first()
        assert rid
        counter.hand_over(s, cat, kits(s, cat).point_by_slug["aaaae"], rid, "keeper", clock.now())
    change("cancel", code=first["code"])  # too late
    second = order("last-key-01234567890123").json
    assert second
    change("cancel", code=second["code"])

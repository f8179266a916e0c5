"""Problem documents: the same shape for every refusal, in three languages, and a page for each code."""

import re

import pytest
from flask import Flask

from clinic.api.problems import MEANINGS
from clinic.db import LANGUAGES
from tests.api.conftest import Face


def test_a_refusal_has_the_members_of_rfc_9457_and_a_code(face: Face) -> None:
    answer = face.get("/locations", {"near": "secret-place", "limit": "-1"})
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "type": "http://localhost/problems/invalid",
        "title": "Something in the request is not right",
        "status": 422,
        "detail": "Look at the fields named in the answer, correct them, and send the request again.",
        "code": "invalid",
        "fields": {
            "near": ["This is not a position. Write latitude and longitude, like 43.24,76.95."],
            "limit": ["This has to be between 1 and 100."],
        },
    }
    assert "secret-place" not in answer.text


def test_what_went_wrong_is_said_in_the_language_asked_for(face: Face) -> None:
    told = {}
    for language in LANGUAGES:
        by_header = face.client.get("/api/v1/locations?near=x", headers={"Accept-Language": language}).json
        by_name = face.client.get(f"/api/v1/locations?near=x&lang={language}").json
        assert by_header == by_name
        assert by_header
        told[language] = (by_header["title"], by_header["fields"]["near"][0])
    assert len(set(told.values())) == 3
    other = face.client.get("/api/v1/locations?near=x", headers={"Accept-Language": "de"}).json
    assert other
    assert (other["title"], other["fields"]["near"][0]) == told["ru"]


def test_every_code_has_its_page_in_three_languages(app: Flask) -> None:
    client = app.test_client()
    for code in MEANINGS:
        pages = [client.get(f"/{language}/problems/{code}") for language in LANGUAGES]
        assert [page.status_code for page in pages] == [200, 200, 200], code
        assert len({re.sub(r"<[^>]+>", " ", page.text.split("<main")[1].split("</main>")[0]) for page in pages}) == 3, (
            code
        )
    assert client.get("/problems/nonsense").status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/locations", "/api/", "/api/v1/locations/"])
def test_a_path_that_is_none_is_a_problem_document_too(face: Face, path: str) -> None:
    answer = face.client.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json
    assert answer.json["code"] == "not_found"


def test_only_the_face_answers_with_problem_documents(face: Face) -> None:
    assert face.client.get("/nothing").mimetype == "text/html"
    assert face.client.put("/").mimetype == "text/html"


def test_a_failure_is_a_problem_document_that_tells_nothing(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("her secret")

    monkeypatch.setattr("clinic.directory.catalogue.current", broken)
    face.client.application.testing = False
    answer = face.get("/services")
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert answer.json
    assert answer.json["code"] == "failed"
    assert "secret" not in answer.text


def test_the_document_names_every_call_and_field_of_the_design(face: Face) -> None:
    told = face.get("/openapi.json").json
    assert told
    assert told["openapi"] == "3.1.0"
    calls = {(path.removeprefix("/api/v1"), method) for path, item in told["paths"].items() for method in item}
    assert calls - {(path, "parameters") for path, _ in calls} == {
        ("/locations", "get"),
        ("/locations/search", "post"),
        ("/locations/{slug}", "get"),
        ("/locations/{slug}/slots", "get"),
        ("/services", "get"),
        ("/appointments", "post"),
        ("/appointments/find", "post"),
        ("/appointments/cancel", "post"),
        ("/appointments/move", "post"),
        ("/kits", "get"),
        ("/points", "get"),
        ("/points/search", "post"),
        ("/kit-orders", "post"),
        ("/kit-orders/find", "post"),
        ("/kit-orders/cancel", "post"),
    }
    schemas = told["components"]["schemas"]
    place = "slug name kind address position distance_m open_now hours services bookable next_slot"
    body = "location services start phone language cover remind_minutes confirm code"
    assert set(schemas["Location"]["properties"]) == set(place.split())
    assert set(schemas["AppointmentBody"]["properties"]) == set(body.split())
    assert set(schemas["Booked"]["required"]) == set("ticket code start end location services".split())
    assert set(schemas["Appointment"]["required"]) == set("ticket status start end location services".split())
    order = "kit quantity near point phone language cover code"
    assert set(schemas["KitOrderBody"]["properties"]) == set(order.split())
    assert set(schemas["Kit"]["required"]) == {"slug", "name", "sample", "read_minutes"}
    assert set(schemas["Point"]["required"]) == set("slug name address distance_m hours in_stock".split())
    assert set(schemas["KitsOrdered"]["required"]) == {"code", "ticket", "status", "point", "collect_by"}
    assert set(schemas["KitOrder"]["required"]) == {"ticket", "status", "point", "collect_by"}


def test_no_cookie_is_set_for_machines(face: Face) -> None:
    for answer in (face.get("/services"), face.get("/nothing"), face.post("/appointments/find", {"code": "x"})):
        assert "Set-Cookie" not in answer.headers

"""Every field of every public form is attacked; a field that nobody attacked fails the last test."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.booking.forms import FORMS, BookForm, MineForm, NearForm, PlaceForm, WaitForm
from tests.site.conftest import Offered, book, code, title, token, words

HUGE = "9" * 60_000
ANYWHERE = (
    "\x00", "a\x00b", "💃", "\u202e701\u202c", HUGE, "'\"><script>alert(1)</script>", "%s%n", "\uffff",
    "2026-02-31", "9999-12-31", "-1", "nan", "1e9", "NULL",
)  # fmt: skip

# What each field reads safely, and so answers with a page; all else in ANYWHERE is refused.
READ: dict[str, tuple[str, ...]] = {
    # free text: whatever is no place is a search with no result
    "near": tuple(value for value in ANYWHERE if "\x00" not in value and value != HUGE),
    # a position somewhere: the list refuses it, the pages of a place only carry it back there
    "lat": ("-1",),
    "lng": ("-1",),
}


def attack(she: FlaskClient, form: type, field: str, value: str, offered: Offered, secret: str) -> TestResponse:
    """Send one bad value in one field of an otherwise good form."""
    if form is NearForm:
        sent = {field: value, **({"lng": "76.9"} if field == "lat" else {})}
        return she.post("/ru/near", data=sent, follow_redirects=True)
    if form is PlaceForm:
        return she.post(f"/ru{offered.place}", data={**offered.fields, field: value})
    if form is MineForm:
        good = {"code": secret, "act": "move", "visit": "0" * 32, "start": "2026-11-25T15:00"}
        return she.post("/ru/mine", data={**good, field: value})
    if form is WaitForm:
        good_wish: dict[str, Any] = {
            "near": "" if field in ("lat", "lng") else "Алматы", "place": offered.slug, "service": offered.services,
            "token": token(she, offered), "act": "tell", "part": "any", "days": "3", "phone": "+7 701 555 01 41",
        }  # fmt: skip
        return she.post("/ru/wait", data={**good_wish, field: value, **({"lng": "76.9"} if field == "lat" else {})})
    good_sms: dict[str, Any] = {
        **offered.fields, "token": token(she, offered), "act": "check", "start": "2026-11-25T15:00",
        "phone": "+7 701 555 01 41", "cover": "plain", "language": "kk", "lead": "60",
    }  # fmt: skip
    return she.post(f"/ru{offered.path}", data={**good_sms, field: value})


def fields_of(form: type) -> list[str]:
    """The names of a form's fields, from its class."""
    return [name for name in dir(form) if hasattr(getattr(form, name), "field_class")]


ALL = [(form, name) for form in FORMS for name in fields_of(form)]


@pytest.mark.parametrize(("form", "field"), ALL, ids=[f"{form.__name__}.{name}" for form, name in ALL])
def test_a_bad_value_is_refused_in_words_or_read_safely(
    city: Flask, she: FlaskClient, offered: Offered, form: type, field: str
) -> None:
    secret = code(book(she, offered)) if form is MineForm else ""
    refused = 0
    for value in ANYWHERE:
        answer = attack(she, form, field, value, offered, secret)
        assert answer.status_code < 500, (field, value[:20])
        assert "<script>alert" not in answer.text
        assert len(answer.data) < 60_000
        if answer.status_code == 200:
            assert value in READ.get(field, ()), f"{form.__name__}.{field} took {value[:20]!r}"
            continue
        refused += 1
        assert answer.status_code in (400, 404, 409), (field, value[:20], answer.status_code)
        assert title(answer).startswith(("Ошибка:", "Проверьте запись", "Другое время", "Вечер")), title(answer)
        assert not re.search(r"Traceback|werkzeug|Bad Request", words(answer))
    assert refused, f"nothing bad was refused in {form.__name__}.{field}"


def test_every_field_of_every_form_was_attacked() -> None:
    found = {(form.__name__, name) for form in FORMS for name in dir(form) if _is_field(form, name)}
    assert {(form.__name__, name) for form, name in ALL} == found
    assert len(found) == 77


def _is_field(form: type, name: str) -> bool:
    return type(getattr(form, name)).__name__ == "UnboundField"


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-24T18:00",
        "2026-11-24T20:03",
        "2026-11-25T20:55",
        "2026-11-25T03:00",
        "2027-02-01T19:00",
        "2100-01-01T10:00",
    ],
)
def test_a_time_that_is_no_slot_is_answered_with_others(she: FlaskClient, offered: Offered, start: str) -> None:
    answer = she.post(
        f"/ru{offered.path}", data={**offered.fields, "start": start, "act": "plain", "token": token(she, offered)}
    )
    assert answer.status_code in (400, 409)
    assert re.search(r'<button class="btn go[^"]*" name="start"', answer.text)


@pytest.mark.parametrize("start", ["2026-11-31T10:00", "9999-01-01T10:00", "x", "2026-11-25", "2026-11-25T24:00"])
def test_a_time_that_cannot_be_read_is_answered_beside_the_field(
    she: FlaskClient, offered: Offered, start: str
) -> None:
    answer = she.get(f"/ru{offered.path}", query_string={**offered.fields, "start": start})
    assert answer.status_code == 400
    assert "Такого времени нет" in words(answer)


def test_an_unknown_service_and_one_that_this_place_lacks_are_answered_beside_the_services(
    she: FlaskClient, offered: Offered
) -> None:
    unknown = she.get(f"/ru{offered.path}", query_string={"service": "999", "start": offered.value})
    assert unknown.status_code == 400
    assert "Не нашли такой услуги" in words(unknown)
    data = {"service": ["14", "11", "8", "19"], "start": offered.value, "act": "plain", "token": token(she, offered)}
    lacking = she.post(f"/ru{offered.path}", data=data)
    assert lacking.status_code == 400
    assert "Здесь нельзя сделать всё" in words(lacking)


def test_direction_marks_around_a_number_and_a_code_are_read(she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    assert she.post("/ru/mine", data={"code": f"\u200e{secret[:5]} \u202a{secret[5:]}\u202c"}).status_code == 200
    assert she.get("/ru/near?near=\u200fАлматы\u200e&day=\u200e2026-11-25").status_code == 200


def test_a_code_typed_on_the_other_keyboard_opens(she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    cyrillic = secret.translate(str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ")).lower()
    assert she.post("/ru/mine", data={"code": cyrillic}).status_code == 200


def test_a_body_that_is_too_long_or_has_no_length_is_refused(she: FlaskClient) -> None:
    assert she.post("/ru/mine", data={"code": "9" * 1_100_000}).status_code == 413
    chunked = she.post(
        "/ru/mine",
        input_stream=__import__("io").BytesIO(b"5\r\ncode=\r\n0\r\n\r\n"),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
        content_type="application/x-www-form-urlencoded",
    )
    assert chunked.status_code == 411
    assert "Ошибка" in title(chunked)


def test_the_wrong_method_says_which_are_right(she: FlaskClient) -> None:
    answer = she.delete("/ru/mine")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "Ошибка" in title(answer)


def test_an_unexpected_error_is_a_calm_page_without_what_was_sent(
    city: Flask, she: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    city.testing = False
    monkeypatch.setattr("clinic.booking.views.searching.spot_of", broken)
    answer = she.get("/ru/near?near=тайна")
    assert answer.status_code == 500
    assert "Ничего не потеряно" in words(answer)
    assert "тайна" not in words(answer)
    assert "planted" not in answer.text


def test_many_wrong_codes_are_slowed_down(make_app: Any) -> None:
    app = make_app()  # outside the demo limits are on
    she = app.test_client()
    statuses = [she.post("/ru/mine", data={"code": "ABCEH KMPTX Y2345"}).status_code for _ in range(22)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


def test_book_forms_are_known_to_this_file() -> None:
    assert FORMS == (NearForm, PlaceForm, BookForm, MineForm, WaitForm)


@pytest.mark.parametrize("path", ["/ru/", "/nowhere", "/api/v1/services", "/api/v1/nowhere"])
@pytest.mark.parametrize("host", ["a" * 3000, "a..b"])
def test_a_host_that_is_none_is_refused(she: FlaskClient, path: str, host: str) -> None:
    assert she.get(path, headers={"Host": host}).status_code == 400


def test_an_error_on_a_page_with_a_one_time_link_writes_no_link(
    city: Flask, she: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    city.testing = False
    for rule in city.url_map.iter_rules():
        if {"token", "key"} & set(rule.arguments):
            monkeypatch.setitem(city.view_functions, rule.endpoint, lambda **_: broken())
            with city.test_request_context():
                path = rule.build(dict.fromkeys(rule.arguments, "secret-link"))
            if path is not None and "GET" in (rule.methods or ()):
                assert she.get(path[1]).status_code == 500
    assert "Exception on" in caplog.text
    assert "secret-link" not in caplog.text

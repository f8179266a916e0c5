"""Every field of every form of the kits is attacked; a field that nobody attacked fails the last test."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.kits.forms import FORMS, BeganForm, MyOrderForm, OrderForm, ToldForm
from tests.kits.test_pages import WISH, count, open_, order, order_id, points_of, proposed, she, supplied, town
from tests.site.conftest import code, hidden, title, words
from tests.site.test_bad_input import ANYWHERE, HUGE, fields_of

__all__ = ["she", "supplied", "town"]

# What each field reads safely, and so answers with a page; all else in ANYWHERE is refused.
READ: dict[tuple[type, str], tuple[str, ...]] = {
    (OrderForm, "line"): ("nan", "1e9"),  # looks like a point: then it is one where nobody waits
    (BeganForm, "at"): ANYWHERE,  # no moment: the page is as if nothing had begun
}


def attack(she: FlaskClient, form: type, field: str, value: str, good: dict[str, Any]) -> TestResponse:
    """Send one bad value in one field of an otherwise good form."""
    if form is OrderForm:
        # a position counts where no place is typed
        here = {"near": "", "lat": "43.2", "lng": "76.9"} if field in ("lat", "lng") else {}
        return she.post("/ru/order/points", data={**good, **here, field: value})
    if form is BeganForm:
        return she.get("/ru/order/how/1", query_string={field: value})
    if form is ToldForm:
        return she.post("/ru/p/4", data={**good, field: value})
    return she.post("/ru/mine", data={**good, field: value})


def good_of(she: FlaskClient, form: type) -> dict[str, Any]:
    """A form that would be taken."""
    if form is OrderForm:
        page = proposed(she)
        point = points_of(page)[0]
        return {**WISH, "act": "tell", "point": point, "line": point, "phone": "+7 701 555 01 41", "cover": "plain",
                "remind": "1", "day": "2026-11-25", "after": "18:00", "token": hidden(page, "token")[0]}  # fmt: skip
    if form is ToldForm:
        return {"act": "told", "what": "reactive", "token": hidden(she.get("/ru/p/4"), "token")[0]}
    if form is MyOrderForm:
        secret = code(order(she))
        opened = open_(she, secret)
        others = open_(she, secret, order=order_id(opened), act="points")
        return {"code": secret, "act": "move", "order": order_id(opened), "point": points_of(others)[0]}
    return {}


ALL = [(form, name) for form in FORMS for name in fields_of(form)]


@pytest.mark.parametrize(("form", "field"), ALL, ids=[f"{form.__name__}.{name}" for form, name in ALL])
def test_a_bad_value_is_refused_in_words_or_read_safely(town: Flask, she: FlaskClient, form: type, field: str) -> None:
    refused = 0
    good = good_of(she, form)
    for value in ANYWHERE:
        answer = attack(she, form, field, value, good)
        assert answer.status_code < 500, (field, value[:20])
        assert "<script>alert" not in answer.text
        assert len(answer.data) < 60_000 or form is BeganForm  # an address so long comes through no server
        if answer.status_code == 200:
            assert value in READ.get((form, field), ()), f"{form.__name__}.{field} took {value[:20]!r}"
            continue
        refused += 1
        assert answer.status_code in (400, 404, 409), (field, value[:20], answer.status_code)
        assert not re.search(r"Traceback|werkzeug|Bad Request", words(answer))
        if form is not MyOrderForm:
            assert title(answer).startswith("Ошибка:"), title(answer)
    assert refused or (form, field) in READ, f"nothing bad was refused in {form.__name__}.{field}"
    assert form is not OrderForm or field == "line" or count_of_orders() == 0


def count_of_orders() -> int:
    from clinic.kits.models import KitOrder

    return count(KitOrder)


def test_every_field_of_every_form_was_attacked() -> None:
    found = {(form.__name__, name) for form in FORMS for name in vars(form) if hasattr(vars(form)[name], "field_class")}
    assert {(form.__name__, name) for form, name in ALL} == found
    assert len(found) == 25
    assert len(HUGE) == 60_000

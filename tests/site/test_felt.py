"""How the visit was, as she sees it: three taps under her code, and on the page of the place at the tenth answer."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from clinic.booking.models import Appointment
from clinic.db import writing
from clinic.site.mine_felt import FeltForm
from tests.site.conftest import Offered, book, code, hidden, words
from tests.site.test_bad_input import ANYWHERE, fields_of

FINE = {"act": "felt", "respected": "1", "private": "1", "again": "0"}


def done(she: FlaskClient, offered: Offered) -> tuple[str, str]:
    """Her code and the visit, once it is over."""
    secret = code(book(she, offered))
    assert not hidden(she.post("/ru/mine", data={"code": secret}), "felt")
    with writing() as s:
        s.execute(update(Appointment).values(status="done"))
    return secret, hidden(she.post("/ru/mine", data={"code": secret}), "felt")[0]


def test_three_taps_once_and_nothing_to_tap_again(city: Flask, she: FlaskClient, offered: Offered) -> None:
    secret, visit = done(she, offered)
    first = she.post("/ru/mine", data={"code": secret, "felt": visit, **FINE, "line": "Спасибо"})
    assert "Спасибо. Ответ посчитан" in words(first)
    assert not hidden(first, "felt")
    again = she.post("/ru/mine", data={"code": secret, "felt": visit, **FINE})
    assert again.status_code == 409
    assert "Ответов после визита" not in words(she.get(f"/ru{offered.place}"))


def test_a_tap_that_is_missing_keeps_the_others_and_her_words(she: FlaskClient, offered: Offered) -> None:
    secret, visit = done(she, offered)
    two = {name: value for name, value in FINE.items() if name != "again"}
    answer = she.post("/ru/mine", data={"code": secret, "felt": visit, **two, "line": "Тихо и <b>быстро</b>"})
    assert answer.status_code == 400
    assert answer.text.count(" checked") == 2
    assert "Тихо и &lt;b&gt;быстро" in answer.text


def test_every_field_is_refused_or_read_safely(city: Flask, she: FlaskClient, offered: Offered) -> None:
    secret, visit = done(she, offered)
    assert set(fields_of(FeltForm)) == {"act", "felt", "code", "respected", "private", "again", "line"}
    for field in fields_of(FeltForm):
        for value in ANYWHERE:
            answer = she.post("/ru/mine", data={"code": secret, "felt": visit, **FINE, "again": "", field: value})
            assert answer.status_code in (400, 404), (field, value[:20])
            assert not re.search(r"<script>alert|Traceback", answer.text)


def test_the_tenth_answer_stands_on_the_page_of_the_place(city: Flask, she: FlaskClient, offered: Offered) -> None:
    secret, visit = done(she, offered)
    with writing() as s:
        from clinic.booking.models import Feedback
        from clinic.directory.catalogue import current

        place = current(s).by_slug[offered.slug].id
        s.add_all(Feedback(location_id=place, what=w, n=n) for w, n in (("answers", 9), ("respected", 8)))
    she.post("/ru/mine", data={"code": secret, "felt": visit, **FINE})
    page = words(she.get(f"/ru{offered.place}"))
    assert "Ответов после визита: 10. Обошлись уважительно: 9. Посторонние не слышали: 1." in page

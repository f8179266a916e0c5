"""Every field of hours, closures, places and the stop is attacked: what can't be read is refused in words."""

import pytest

from tests.desk.conftest import Desk, csrf

WRONG = (" ", "a\x00b", "9" * 5000, "-1", "💃", "<script>alert(1)</script>", "9999-12-31")
GOOD = {
    "room": "0", "day": "2026-12-24", "token": "x" * 22, "act": "look", "name_ru": "A", "city": "Алматы", "kind": "ngo",
    "visibility": "open", "lead_minutes": "0", "days_ahead": "1", "cancel_minutes": "0", "grace_minutes": "0",
    "reveal_minutes": "0", "pause": "0", "hold_days": "1", "service": "1",
}  # fmt: skip
FORMS = {
    "/staff/stop/{slug}": "act",
    "/staff/closures/{slug}": "act room day hour last_day last_hour reason token closure v:2026-11-24:3 v:9999-99-99:1",
    "/staff/hours/{slug}": "act line on_holidays Mo0a Mo0b token same",
    "/staff/places/{slug}": "act answer from",
    "/staff/places/{slug}/entry": "name_ru city district position phone service languages lead_minutes kind agreed",
    "/staff/places/new": "organization token name_kk city position visibility step_free",
    "/staff/places/{slug}/room": "name_ru pause service act",
    "/staff/places/{slug}/kits": "kind kit hold_days how_to_ask_ru",
    "/staff/ready": "question",
    "/ru/entry/x": "all_right says",
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_sent_is_answered_in_words(desk: Desk, form: str) -> None:
    chief = desk.client("chief")
    token, url = csrf(chief, "/staff/places"), form.format(slug=desk.slug)
    for name in FORMS[form].split():
        for value in WRONG:
            answer = chief.post(url, data={**GOOD, "csrf_token": token, name: value})
            assert answer.status_code < 500, (name, value[:20])
            assert "<script>alert" not in answer.text
    for room in ("²", "-1", "9" * 40, "\x00"):
        assert chief.get(url, query_string={"room": room}).status_code < 500

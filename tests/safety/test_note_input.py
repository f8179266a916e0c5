"""Bad input to /note: a clear sentence beside the field, nothing stored, nothing lost that was typed."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from clinic.db import reading
from clinic.safety.reports import boxes, photos
from clinic.safety.reports.forms import FORMS, NoteForm
from clinic.safety.reports.models import Report, ReportReply
from tests.safety.notes import JPEG, PLANTED, code_of, file, opened, page, write
from tests.site.conftest import hidden, title, words
from tests.site.test_bad_input import ANYWHERE, HUGE, fields_of

MIB = 1024 * 1024
FREE = tuple(value for value in ANYWHERE if "\x00" not in value and value != HUGE)
READ: dict[str, tuple[str, ...]] = {
    "when_words": FREE,
    "where": FREE,
    "who_words": FREE,
    "text": FREE,
    "photo": FREE,  # a text where a file should be: there is no file then
    "lookup": ANYWHERE,  # counts only beside a box, or where a code is asked for
    "code": (),
}
POLYGLOT = JPEG[:-2] + b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj"


def stored() -> int:
    with reading() as s:
        return sum(s.scalar(select(func.count()).select_from(table)) or 0 for table in (Report, ReportReply))


def beside(answer: TestResponse, field: str) -> str:
    """The sentence that stands at a field."""
    part = answer.text.split(f'id="{field}-field"')[1] if f'id="{field}-field"' in answer.text else ""
    found = re.search(r'class="err"[^>]*>([^<]+)<', part)
    return found[1] if found else ""


def test_a_bad_value_in_any_field_is_refused_in_words_or_read_safely(she: FlaskClient) -> None:
    for field in fields_of(NoteForm):
        good: dict[str, Any] = {"act": "open"} if field == "code" else {**page(she), "text": PLANTED}
        refused = 0
        for value in ANYWHERE:
            answer = she.post("/ru/note", data={**good, field: value}, content_type="multipart/form-data")
            assert answer.status_code < 500, (field, value[:20])
            assert "<script>alert" not in answer.text
            if answer.status_code == 200:
                assert value in READ.get(field, ()), f"{field} took {value[:20]!r}"
                continue
            refused += 1
            assert answer.status_code in (400, 404, 409), (field, value[:20], answer.status_code)
            assert title(answer).startswith("Ошибка:"), title(answer)
            if answer.status_code == 400 and field not in ("text", "code"):
                assert PLANTED in answer.text  # nothing lost that was typed
        assert refused or field in READ, f"nothing bad was refused in {field}"


def test_every_form_of_the_room_is_attacked_here() -> None:
    assert FORMS == (NoteForm,)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
BAD_PHOTOS = {
    "an SVG posing as a photo": (SVG, "не фотография"),
    "a PDF posing as a photo": (b"%PDF-1.7 whatever", "не фотография"),
    "a program": (b"MZ" + b"\0" * 3000, "не фотография"),
    "an empty file": (b"", "не фотография"),
    "a polyglot": (POLYGLOT, "спрятан другой файл"),
    "a page behind a PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 50 + b"<HTML><body>", "спрятан другой файл"),
    "an archive behind a photo": (JPEG + b"PK\x05\x06" + b"\0" * 18, "спрятан другой файл"),
    "50 MB": (JPEG + b"\0" * (50 * MIB), "слишком большие"),
}


def test_what_is_no_photo_is_refused_beside_the_field_and_the_words_stay(she: FlaskClient) -> None:
    for what, (content, sentence) in BAD_PHOTOS.items():
        answer = write(she, text=PLANTED, what=["beaten"], photo=[file(JPEG), file(content, "photo.jpg")])
        assert answer.status_code == 400, what
        assert sentence in beside(answer, "photo"), what
        assert PLANTED in answer.text, what
        assert 'value="beaten" checked' in answer.text, what
        assert stored() == 0, what


def test_too_many_photos_and_too_large_together(she: FlaskClient) -> None:
    nine = write(she, text=PLANTED, photo=[file(JPEG) for _ in range(photos.MOST + 1)])
    assert "не больше 8 фото" in beside(nine, "photo")
    heavy = write(she, text=PLANTED, photo=[file(JPEG + b"\0" * (5 * MIB)) for _ in range(3)])
    assert "не больше 12 МБ" in beside(heavy, "photo")
    assert stored() == 0
    assert write(she, photo=[file(JPEG + b"\0" * (4 * MIB - 3000)) for _ in range(3)]).status_code == 200


def test_a_photo_with_what_cameras_write_behind_it_is_one(she: FlaskClient) -> None:
    motion = JPEG + b"\0\0\0\x18ftypmp42" + b"\0" * 5000 + b"SEFT"
    assert photos.kind(motion) == "jpeg"
    assert not photos.is_two_things(motion)
    assert write(she, photo=file(motion)).status_code == 200


def test_100000_signs_come_back_with_a_sentence(she: FlaskClient) -> None:
    text = PLANTED + "щ" * 100_000
    answer = write(she, text=text, what=["money"])
    assert answer.status_code == 400
    assert "не больше 20000 знаков" in beside(answer, "text")
    assert text in answer.text
    assert stored() == 0


def test_an_empty_note_says_what_is_missing(she: FlaskClient) -> None:
    answer = write(she, status="none", region="75", text="   ")
    assert answer.status_code == 400
    assert "Выберите, что случилось" in words(answer)
    assert stored() == 0


def test_bad_input_to_what_is_added(she: FlaskClient) -> None:
    code = code_of(write(she, text="first"))
    token = hidden(opened(she, code), "token")[0]
    for fields in ({"text": PLANTED, "photo": file(POLYGLOT)}, {"text": PLANTED + "щ" * 100_000}, {"text": " "}):
        answer = opened(she, code, act="more", token=token, **fields)
        assert answer.status_code == 400
        assert title(answer).startswith("Ошибка:")
        assert PLANTED in answer.text or fields["text"] == " "
    assert stored() == 1


def test_what_is_no_box_is_refused(she: FlaskClient) -> None:
    other_kind, too_large = b"\x02" + b"\0" * (boxes.HERS_MORE + 4095), b"\x01" + b"\0" * (14 * MIB)
    for box in (b"", b"\x01", b"\x01" * 5000, other_kind, too_large):
        assert write(she, lookup="ab" * 32, box=file(box, "blob")).status_code == 400, len(box)
    assert stored() == 0


def test_a_body_beyond_everything_is_refused_without_being_read(she: FlaskClient) -> None:
    answer = she.post(
        "/ru/note",
        data=b"",
        environ_overrides={"CONTENT_LENGTH": str(65 * MIB)},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "Ошибка" in title(answer)


def test_a_guesser_of_codes_is_slowed_down_and_a_writer_keeps_her_words(
    she: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinic.privacy import limits

    code = code_of(write(she, text="first"))
    token = hidden(opened(she, code), "token")[0]
    monkeypatch.setattr(limits, "within", lambda _rule, scope: scope != "large note")
    large = file(JPEG + b"\0" * 300_000)
    assert opened(she, code, act="more", token=token, text=PLANTED, photo=large).status_code == 429
    monkeypatch.setattr(limits, "within", lambda _rule, _scope: False)
    monkeypatch.setattr(limits.limiter, "enabled", True)  # which the demo does without
    for _turn in range(20):
        assert opened(she, "ABCEH KMPTX Y2345").status_code == 404
    assert opened(she, "ABCEH KMPTX Y2345").status_code == 429
    assert opened(she, code).status_code == 200
    answer = write(she, text=PLANTED)
    assert answer.status_code == 429
    assert PLANTED in answer.text
    assert stored() == 1


def test_notes_that_are_still_coming_leave_threads_for_everybody_else(
    she: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import BoundedSemaphore

    from clinic.safety.reports import upload

    full = BoundedSemaphore(1)
    full.acquire()
    free = BoundedSemaphore(1)
    for large, small, with_photos, words_alone in ((full, free, 503, 200), (free, full, 200, 503)):
        monkeypatch.setattr(upload, "_large", large)
        monkeypatch.setattr(upload, "_small", small)
        assert write(she, photo=file(JPEG + b"\0" * 100_000)).status_code == with_photos
        assert write(she, text=PLANTED).status_code == words_alone


def test_when_the_room_is_full_words_still_come_through(she: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinic.safety.reports import conversations

    monkeypatch.setattr(conversations, "ROOM", 100_000)
    answer = write(she, text=PLANTED, photo=file(JPEG + b"\0" * 300_000))
    assert answer.status_code == 409
    assert "Для фотографий сейчас нет места" in words(answer)
    assert PLANTED in answer.text
    assert write(she, text=PLANTED).status_code == 200


def test_a_flood_of_short_notes_does_not_fill_the_disk(she: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinic.safety.reports import conversations

    monkeypatch.setattr(conversations, "MOST_BOXES", 2)
    code = code_of(write(she, text="first"))
    assert write(she, text="second").status_code == 200
    answer = write(she, text=PLANTED)
    assert answer.status_code == 409
    assert "Сейчас здесь нет места" in words(answer)
    assert PLANTED in answer.text
    more = opened(she, code, act="more", token=hidden(opened(she, code), "token")[0], text=PLANTED)
    assert more.status_code == 409
    assert PLANTED in more.text


def test_one_conversation_holds_no_more_than_can_be_sealed_anew_in_a_moment(
    she: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinic.safety.reports import conversations

    monkeypatch.setattr(conversations, "ROOM_OF_ONE", 3 * MIB)
    code = code_of(write(she, text="first"))
    for status in (200, 409):
        token = hidden(opened(she, code), "token")[0]
        answer = opened(she, code, act="more", token=token, text=PLANTED, photo=file(JPEG + b"\0" * (MIB + 1)))
        assert answer.status_code == status

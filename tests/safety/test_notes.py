"""A note is sealed, fetched, answered, added to and forgotten; only her code and the organization's key open it."""

import hashlib
import json
import math
import os
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from nacl.public import Box, PrivateKey, PublicKey
from sqlalchemy import func, select
from time_machine import Traveller

from clinic import clock, config, create_app, worker
from clinic.db import db, reading, writing
from clinic.privacy import codes, keys
from clinic.safety.reports import boxes, canary, conversations, key_list
from clinic.safety.reports.content import MORE, REPORT, Content, Photo, Unreadable, pack, unpack
from clinic.safety.reports.models import Report, ReportReply
from tests.conftest import Maker
from tests.safety.notes import JPEG, PLANTED, Office, code_of, file, opened, page, post_form, write
from tests.site.conftest import hidden, words

NACL_FAST_MIN_1_0_3 = "3ec535c004aeeb225785d8e93fb33bf99f52e399bd7dfc01969b5629baea5131"  # npm: tweetnacl
ROUNDS = boxes._ROUNDS  # before the tests made it less
MONDAY = date(2026, 11, 23)


def rows(model: type = Report) -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(model)) or 0


def test_what_she_wrote_reaches_the_organization_whole_with_its_photos(she: FlaskClient, ngo: Office) -> None:
    said = {"what": ["beaten", "money"], "when": "days", "when_words": "в пятницу", "region": "75", "where": "у дороги",
            "who": "police", "who_words": "двое", "evidence": "photos", "status": "none"}  # fmt: skip
    answer = write(she, text=f"{PLANTED}\nвторая строка", photo=[file(JPEG), file(JPEG + b"2")], **said)
    assert answer.status_code == 200
    (letter,) = ngo.fetch(clock.now())
    assert letter.content.said == {
        **said, "who": ["police"], "evidence": ["photos"], "text": f"{PLANTED}\nвторая строка", "language": "ru",
    }  # fmt: skip
    assert [photo.content for photo in letter.content.photos] == [JPEG, JPEG + b"2"]
    assert letter.week == MONDAY


def test_they_talk_in_both_directions_under_her_code(she: FlaskClient, ngo: Office) -> None:
    code = code_of(write(she, text=PLANTED))
    assert "Ответа пока нет" in words(opened(she, code))
    (letter,) = ngo.fetch(clock.now())
    ngo.vault.answer(ngo.secrets, [letter], "Мы с вами. Есть ли свидетели?")
    assert ngo.send(clock.now()).answers == 1
    page_ = opened(she, code.lower())
    assert "Есть ли свидетели?" in words(page_)
    token = hidden(page_, "token")[0]
    added = opened(she, code, act="more", token=token, text="Да, подруга", photo=file(JPEG))
    assert added.status_code == 200
    assert "Есть ли свидетели?" in words(added)
    letters = ngo.fetch(clock.now())
    assert [(one.content.kind, one.content.said["text"]) for one in letters] == [
        (REPORT, PLANTED),
        (MORE, "Да, подруга"),
    ]
    assert letters[0].content.reply_to == letters[1].content.reply_to


def test_the_code_of_another_note_opens_that_one_alone(she: FlaskClient, ngo: Office) -> None:
    first, second = code_of(write(she, text="first")), code_of(write(she, text="second"))
    for letter in ngo.fetch(clock.now()):
        ngo.vault.answer(ngo.secrets, [letter], f"answer to the {letter.content.said['text']}")
    ngo.send(clock.now())
    assert "answer to the first" in words(opened(she, first))
    assert "answer to the second" not in words(opened(she, first))
    assert "answer to the second" in words(opened(she, second))
    unknown = opened(she, "ABCEH KMPTX Y2345", act="more", token=hidden(opened(she, first), "token")[0], text=PLANTED)
    assert unknown.status_code == 404
    assert "Такого кода нет" in words(unknown)
    assert PLANTED in unknown.text  # nothing lost that was typed
    assert rows(ReportReply) == 2


def test_five_taps_make_one_note_and_show_one_code(she: FlaskClient) -> None:
    form = {**page(she), "text": PLANTED}
    codes = {code_of(she.post("/ru/note", data=form)) for _ in range(5)}
    assert len(codes) == 1
    assert rows() == 1
    other = she.post("/ru/note", data={**form, "text": "other"})
    assert other.status_code == 409
    assert "other" in other.text


def test_case_18_a_page_that_was_open_too_long_comes_back_filled_in(she: FlaskClient, evening: Traveller) -> None:
    form = {**page(she), "what": ["money"], "text": PLANTED, "region": "71", "who_words": "двое"}
    evening.shift(timedelta(hours=2, minutes=5))
    back = she.post("/ru/note", data=form)
    assert back.status_code == 400
    assert "ничего не потеряно" in words(back)
    for kept in (PLANTED, 'value="money" checked', 'value="71" selected', 'value="двое"'):
        assert kept in back.text, kept
    assert rows() == 0
    assert she.post("/ru/note", data={**form, "token": hidden(back, "token")[0]}).status_code == 200
    assert rows() == 1


def test_what_the_organization_has_goes_here_and_the_conversation_stays(she: FlaskClient, ngo: Office) -> None:
    code = code_of(write(she, text=PLANTED))
    assert len(ngo.fetch(clock.now())) == 1
    assert ngo.send(clock.now()).erased == 1
    with reading() as s:
        assert s.scalars(select(Report.box)).one() is None
    assert opened(she, code).status_code == 200
    assert ngo.send(clock.now()).erased == 0


def test_all_of_it_is_forgotten_ten_weeks_after_the_last_word(
    notes_app: Flask, she: FlaskClient, ngo: Office, evening: Traveller
) -> None:
    code = code_of(write(she, text=PLANTED))
    evening.shift(timedelta(weeks=8))
    keys.ring().advance(clock.today(), leap_days=100)
    she.post("/ru/note", data={"act": "more", "code": code, "token": page(she)["token"], "text": "later"})
    evening.shift(timedelta(weeks=8))
    keys.ring().advance(clock.today(), leap_days=100)
    worker.forget_all(clock.now())
    assert [one.content.said["text"] for one in ngo.fetch(clock.now())] == [PLANTED, "later"]
    evening.shift(timedelta(weeks=4))
    keys.ring().advance(clock.today(), leap_days=100)
    assert opened(she, code).status_code == 404  # before the worker came
    worker.forget_all(clock.now())
    assert rows() == rows(ReportReply) == 0


def test_it_never_stays_longer_than_the_ten_weeks_that_the_page_promises(she: FlaskClient, evening: Traveller) -> None:
    evening.move_to(clock.at(MONDAY + timedelta(weeks=1), 1))
    code = code_of(write(she, text=PLANTED))
    evening.shift(timedelta(weeks=9))
    keys.ring().advance(clock.today(), leap_days=100)
    assert opened(she, code).status_code == 200
    evening.shift(timedelta(weeks=1))
    keys.ring().advance(clock.today(), leap_days=100)
    assert opened(she, code).status_code == 404


def test_she_takes_it_back(she: FlaskClient) -> None:
    code = code_of(write(she, text=PLANTED))
    gone = opened(she, code, act="forget")
    assert "Здесь стёрто" in words(gone)
    assert rows() == 0
    assert opened(she, code).status_code == 404


def test_the_canary_comes_back_only_from_whoever_has_the_key(notes_app: Flask, ngo: Office) -> None:
    assert [canary.send_due(clock.now()) for _ in range(2)] == [1, 0]
    with reading() as s:
        assert canary.state(s, clock.now()) == canary.State(date(2026, 11, 1), None, False)
        assert canary.state(s, clock.now() + timedelta(days=60)).is_late
        assert conversations.by_week(s, clock.now() + timedelta(weeks=1)) == {MONDAY: 0}
    with writing() as s:
        assert not canary.came_back(s, "2026-11-01", "guessed", clock.now())
    ngo.fetch(clock.now())
    assert ngo.send(clock.now()).canaries == 1
    with reading() as s:
        assert canary.state(s, clock.now()).opened == date(2026, 11, 1)


def test_every_length_falls_into_one_of_few() -> None:
    pair = boxes.keys_of("ABCEHKMPTXY2345")
    lengths = {len(boxes.seal(pair.public, b"x" * n)) for n in (0, 1, 2000, 4095, 4096, 16_000, 70_000)}
    assert {length - boxes.HERS_MORE for length in lengths} == {4096, 16384, 262144}
    with pytest.raises(boxes.TooLarge):
        boxes.padded(b"x" * boxes.SIZES[-1])
    assert boxes.open_hers(pair.secret, boxes.seal(pair.public, b"x")) == b"x"
    other = boxes.keys_of("ABCEHKMPTXY2346")
    with pytest.raises(boxes.WrongKey):
        boxes.open_hers(other.secret, boxes.seal(pair.public, b"x"))
    forged = boxes.answer(other.secret, pair.public, b"x")
    with pytest.raises(boxes.WrongKey):  # it came from somebody else than the organization
        boxes.open_answer(pair.secret, pair.public, forged)


def head(text: str) -> bytes:
    return len(text.encode()).to_bytes(4, "big") + text.encode()


HOSTILE = (
    b"", b"\0\0\0\xff{}", b"\xff" * 30, head("{}"), head("null"), head("[" * 100_000),
    head('{"kind":"report","said":[],"reply_to":"","photos":[]}'),
    head('{"kind":"report","said":{"what":[[]]},"reply_to":"","photos":[]}'),
    head('{"kind":"report","said":{"what":{}},"reply_to":"","photos":[]}'),
    head('{"kind":["report"],"said":{},"reply_to":"","photos":[]}'),
    head('{"kind":"report","said":{},"reply_to":"ab","photos":[]}'),
    head('{"kind":"report","said":{},"reply_to":"","photos":[["jpeg",-1]]}'),
    head('{"kind":"report","said":{},"reply_to":"","photos":' + str([["jpeg", 0]] * 99).replace("'", '"') + "}"),
)  # fmt: skip


@pytest.mark.parametrize("plain", HOSTILE, ids=range(len(HOSTILE)))
def test_an_opened_box_may_hold_anything(plain: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(plain)


def test_what_she_sent_cannot_play_with_the_terminal_of_who_reads() -> None:
    said = {"text": "a\x1b[2J\u202eb\ud800\nc", "what": ["\x9b31m"]}
    plain = json.dumps({"kind": REPORT, "said": said, "reply_to": "", "photos": []})
    assert unpack(head(plain)).said == {"text": "a[2Jb?\nc", "what": ["31m"]}


def test_a_box_made_to_break_the_reader_is_one_that_stays_shut(ngo: Office) -> None:
    pair = boxes.keys_of("ABCEHKMPTXY2345")
    nowhere = boxes.HERS + b"k" * 4 + bytes(32) + bytes(24 + 16 + 4096)
    with pytest.raises(boxes.WrongKey):
        boxes.open_hers(pair.secret, nowhere)
    with pytest.raises(boxes.WrongKey):
        boxes.answer(pair.secret, bytes(32), b"x")
    bare = Box(PrivateKey(pair.secret), PublicKey(pair.public)).encrypt(bytes(4096))
    with pytest.raises(boxes.NotABox):  # without the mark of the padding
        boxes.open_hers(pair.secret, boxes.HERS + b"k" * 4 + pair.public + bytes(bare))


def test_a_note_that_poses_as_a_canary_or_answers_nobody_hinders_nothing(she: FlaskClient, ngo: Office) -> None:
    found = key_list.current()
    assert found
    for said in ({"month": "junk", "word": ["x"]}, {}, {"month": "2026-11-01", "word": "guessed"}):
        box = boxes.seal(found.in_use, pack(Content("canary", said)))
        with writing() as s:
            conversations.begin(s, os.urandom(32), box, clock.now())
    canary.send_due(clock.now())
    code = code_of(write(she, text=PLANTED))
    letters = [one for one in ngo.fetch(clock.now()) if one.content.kind == REPORT]
    ngo.vault.answer(ngo.secrets, letters, "yes")
    taken = ngo.send(clock.now())
    assert (taken.answers, taken.canaries) == (1, 1)
    assert "yes" in words(opened(she, code))


def test_the_same_box_sent_again_much_later_is_one_note(she: FlaskClient, evening: Traveller) -> None:
    found = key_list.current()
    assert found
    box = boxes.seal(found.in_use, pack(Content(REPORT, {"text": PLANTED})))
    form = {**page(she), "lookup": "ab" * 32}
    for minutes in (0, 5, 30):
        evening.shift(timedelta(minutes=minutes))
        assert post_form(she, {**form, "box": file(box, "blob")}).status_code == 200
        worker.forget_all(clock.now())
    assert rows() == 1


def test_the_worker_without_pages_writes_the_canary_too(make_app: Maker, evening: object) -> None:
    environ = make_app.environ()
    demo = {name: environ[name] for name in ("KESHKI_DATABASE_URL", "KESHKI_KEYS")}
    app = create_app({**demo, "KESHKI_DEMO": "1", "KESHKI_LIMITS": "off"}, pages=False)
    with app.app_context():
        assert canary.send_due(clock.now()) == 1
        db.engine.dispose()


def test_the_library_is_the_one_that_its_authors_published() -> None:
    content = (config.ROOT / "clinic" / "static" / "nacl.js").read_bytes().split(b"\n", 1)[1]
    assert hashlib.sha256(content).hexdigest() == NACL_FAST_MIN_1_0_3


def test_the_browser_seals_with_the_same_numbers() -> None:
    script = (config.ROOT / "clinic" / "static" / "seal.js").read_text()
    sizes = re.search(r"SIZES = \[(.*?)\]", script)
    assert sizes
    factors = [[1024 if f == "K" else int(f) for f in size.split(" * ")] for size in sizes[1].split(", ")]
    assert tuple(math.prod(size) for size in factors) == boxes.SIZES
    assert f'salt: bytes("{boxes._SALT.decode()}"), iterations: {ROUNDS} ' in script
    assert f'SIGNS = "{codes.ALPHABET}"' in script


def test_packing_gives_back_what_was_packed() -> None:
    content = Content(REPORT, {"text": "ә"}, b"k" * 32, (Photo("jpeg", b"1"), Photo("png", b"")))
    assert unpack(pack(content)) == content
    with pytest.raises(Unreadable):
        unpack(pack(content) + b"tail")


def test_without_a_list_of_keys_the_page_does_not_exist(app: Flask, client: FlaskClient) -> None:
    assert client.get("/ru/note").status_code == 404
    assert client.post("/ru/note", data={"act": "send", "text": PLANTED}).status_code == 404
    assert "/note" not in client.get("/ru/p/1").text
    assert canary.send_due(clock.now()) == 0


def test_when_the_list_is_no_longer_valid_the_page_is_gone(she: FlaskClient, evening: Traveller) -> None:
    found = key_list.current()
    assert found
    evening.move_to(clock.at(found.until + timedelta(days=1), 600))
    assert she.get("/ru/note").status_code == 404

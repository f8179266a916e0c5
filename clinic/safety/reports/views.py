"""/note: tell what happened, to people whom she chooses to trust, and go on talking under a code.

With a script her browser seals (`static/note.js`) and sends a box; without one the server seals in memory.
The code is rendered in the answer to the POST; where the browser made it, the server never learns it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking.views import Page
from clinic.booking.views_book import token_is_good
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.kits import showing
from clinic.privacy import codes, limits, once, tokens
from clinic.safety.reports import boxes, conversations, key_list, labels, photos, upload
from clinic.safety.reports.boxes import CodeKeys
from clinic.safety.reports.content import MORE, MOST_TEXT, REPORT, Content, Unreadable, pack, unpack
from clinic.safety.reports.conversations import AlreadyHere, CodeUnknown, Conversation, NoRoom, TooManyReplies
from clinic.safety.reports.forms import MOST_WORDS, NoteForm
from clinic.safety.reports.key_list import KeyList
from clinic.safety.reports.sent import Sealed, pictures, sealed_by_phone
from clinic.wording import gettext as _

blueprint = Blueprint("note", __name__)
SENDS, LARGE_SENDS = "20 per hour", "10 per hour"


class _Stale(Exception):
    """The page was open for too long, and its form has kept nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a conversation as the page shows it; `box` where only her browser can open it."""

    hers: bool
    week: date
    text: str
    box: str
    key: str


@blueprint.route("/note", methods=["GET", "POST"])
def note() -> Page:
    """Write; or open by code. Answers 404 where nobody reads notes."""
    found = key_list.current()
    if found is None:
        abort(404)
    if request.method == "GET":
        return note_page(found, NoteForm(None))
    with upload.receiving():
        form = NoteForm(request.form)
        form.validate()
        return _act(found, form, clock.now())


def _act(found: KeyList, form: NoteForm, now: datetime) -> Page:
    act = form.act.data or "show"
    if form.act.errors or act == "show":
        return note_page(found, form), 400 if form.errors else 200
    if act == "send":
        return _send(found, form, now)
    try:
        hers = _hers(form)
        if act == "open":
            return opened_page(found, form, conversations.find(db.session(), hers.lookup, now), hers)
        if act == "forget":
            return _forget(found, form, hers, now)
        return _more(found, form, hers, now)
    except CodeUnknown:
        if not form.code.errors:
            limits.missed()
            form.code.errors = [_("There is no such code. It may have been forgotten already.")]
        return note_page(found, form, by_code=True), 404


def _send(found: KeyList, form: NoteForm, now: datetime) -> Page:
    """Seal and keep once, however often she taps; show the code."""
    sent = sealed_by_phone(form)
    if sent is None:
        photos_sent = pictures(form)
        if not (form.what.data or form.text.data or photos_sent) and not form.errors:
            form.what.errors = [_("Choose what happened, or write it, or add a photo.")]
        if form.errors:
            return note_page(found, form), 400
    if not limits.within(SENDS, "note"):
        return note_page(found, form, "many"), 429
    if sent is None:
        code = codes.new()
        hers = boxes.keys_of(code)
        sent = _seal(found, Content(REPORT, _said(form), hers.public, photos_sent), hers, code)

    def keep(s: Session) -> None:
        conversations.begin(s, sent.lookup, sent.box, now)

    if not _may_send(sent):
        return note_page(found, form, "many"), 429
    try:
        done = _once(form, sent, keep, now)
    except AlreadyHere:  # her phone sent the same box again, much later; the code is there
        return done_page("")
    if isinstance(done, str):
        return note_page(found, form, done), 400 if done == "expired" else 409
    return done_page(done.answer["code"])


def _more(found: KeyList, form: NoteForm, hers: CodeKeys, now: datetime) -> Page:
    """Add to a conversation."""
    sent = sealed_by_phone(form)
    conversation = conversations.find(db.session(), hers.lookup, now)
    if sent is None:
        photos_sent = pictures(form)
        if not (form.text.data or photos_sent) and not form.errors:
            form.text.errors = [_("Write something, or add a photo.")]
        if form.errors:
            return opened_page(found, form, conversation, hers), 400
        sent = _seal(found, Content(MORE, _said(form), hers.public, photos_sent), hers, "")
    if not _may_send(sent):
        return opened_page(found, form, conversation, hers, "many"), 429

    def keep(s: Session) -> None:
        conversations.add(s, hers.lookup, sent.box, now)

    try:
        done = _once(form, sent, keep, now)
    except TooManyReplies:
        return opened_page(found, form, conversation, hers, "long"), 409
    if isinstance(done, str):
        return opened_page(found, form, conversation, hers, done), 400 if done == "expired" else 409
    db.session.rollback()
    fresh = NoteForm(None)
    fresh.code.data = form.code.data
    return opened_page(found, fresh, conversations.find(db.session(), hers.lookup, now), hers, "added")


def _forget(found: KeyList, form: NoteForm, hers: CodeKeys, now: datetime) -> Page:
    with writing() as s:
        conversations.forget_one(s, hers.lookup, now)
    form.code.raw = ""
    return note_page(found, NoteForm(None), "forgotten")


def _may_send(sent: Sealed) -> bool:
    """Whether this caller may send so much: large boxes are counted by themselves."""
    return boxes.size_class(sent.box) <= conversations.SHORT or limits.within(LARGE_SENDS, "large note")


def _once(form: NoteForm, sent: Sealed, keep: Callable[[Session], None], now: datetime) -> once.Done | str:
    """Keep a box once per form: the answer, also to a form that kept it before; or the word for why not."""

    def make() -> dict[str, Any]:
        if not token_is_good("note", form, now):
            raise _Stale
        keep(s)
        return {"code": sent.code}

    try:
        with writing() as s:
            stands = partial(conversations.forget_day, now)
            return once.run(s, "note", form.token.data or "", sent.body, once.FORM_KEPT, now, make, stands)
    except _Stale:
        return "expired"
    except once.Reused:
        return "sent"
    except once.Busy:
        return "busy"
    except NoRoom:
        return "full" if boxes.size_class(sent.box) > conversations.SHORT else "crowded"


def _hers(form: NoteForm) -> CodeKeys:
    """The keys of the code she typed; of the browser's, which keeps the code, the token alone. Raises CodeUnknown."""
    if form.lookup.data is not None and not form.code.raw:
        return CodeKeys(b"", b"", form.lookup.data)
    if form.code.data is None:
        if not form.code.errors:
            form.code.errors = [_("Type your code.")]
        raise CodeUnknown
    return boxes.keys_of(form.code.data)


def _seal(found: KeyList, content: Content, hers: CodeKeys, code: str) -> Sealed:
    plain = pack(content)
    # what was asked does not hold the code: it is another one each time the form is sent again
    asked = pack(Content(content.kind, content.said, b"", content.photos))
    return Sealed(boxes.seal(found.in_use, plain), hers.lookup, code, blake2b(asked).digest())


def _said(form: NoteForm) -> dict[str, Any]:
    return {**form.said(), "language": wording.language_now()}


def note_page(found: KeyList, form: NoteForm, trouble: str = "", by_code: bool = False) -> str:
    """The form with all she typed. `trouble`: "", or a word of `troubles` in safety/_note.html."""
    return render_template(
        "safety/note.html",
        trouble=trouble,
        by_code=by_code,
        labels=labels,
        regions=[(code, name[wording.language_now()]) for code, name in labels.REGIONS.items()],
        most_words=MOST_WORDS,
        **_shared(found, form),
    )


def done_page(code: str) -> str:
    """The code, large; empty where her browser has it."""
    pep = showing.pep_number(catalogue.current(db.session()))
    return render_template("safety/note_done.html", code=codes.shown(code) if code else "", pep=pep)


def opened_page(found: KeyList, form: NoteForm, conversation: Conversation, hers: CodeKeys, trouble: str = "") -> str:
    """What was said under her code. `trouble`: "", or a word of `troubles` in safety/_note.html."""
    return render_template(
        "safety/note_open.html",
        lines=[_line(found, said, hers) for said in conversation.said],
        until=wording.long_day(conversation.forget_on),
        long_day=wording.date_words,
        trouble=trouble,
        **_shared(found, form),
    )


def _shared(found: KeyList, form: NoteForm) -> dict[str, Any]:
    return {
        "form": form,
        "token": tokens.new("note"),
        "name": found.name[wording.language_now()],
        "key": found.in_use.hex(),
        "fingerprint": key_list.shown(found.in_use),
        "most_text": MOST_TEXT,
        "most_photos": photos.MOST,
        "most_bytes": photos.MOST_BYTES,
    }


def _line(found: KeyList, said: conversations.Said, hers: CodeKeys) -> Line:
    """A message in words, opened here where her code is here."""
    if said.box is None:
        return Line(said.hers, said.week, "", "", "")
    key = found.named(boxes.named_key(said.box))
    if key is not None and not hers.secret:
        return Line(False, said.week, "", said.box.hex(), key.hex())
    try:
        text = str(unpack(boxes.open_answer(hers.secret, key or b"", said.box)).said.get("text", "")) if key else ""
    except (boxes.NotABox, boxes.WrongKey, Unreadable):
        text = ""
    return Line(False, said.week, text or _("This answer cannot be opened any more."), "", "")

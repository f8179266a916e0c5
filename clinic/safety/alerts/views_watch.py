"""/watch: "if I have not checked in by two, call". Her code and her words travel in forms alone."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from flask import render_template
from flask.typing import ResponseReturnValue

from clinic import clock, wording
from clinic.booking.views import Page, sent
from clinic.booking.views_book import token_is_good
from clinic.db import db, writing
from clinic.privacy import codes, limits, once, tokens
from clinic.safety.alerts import check_ins, offering, standing
from clinic.safety.alerts.check_ins import FARTHEST, Full, NotAnHour, Running, Unknown, WrongWord
from clinic.safety.alerts.forms import CheckInForm, guessed_first
from clinic.safety.alerts.told import Told
from clinic.safety.alerts.until import Until
from clinic.safety.alerts.views_now import NotNow, blueprint, large, page_of
from clinic.wording import gettext as _

OWN = ("until", "word", "forced")  # with a mistake in one of these nothing begins; the third may be left out
USUAL = timedelta(hours=2)
BEGUN = "20 per 10 minutes"
LOOKS = ("open", "later", "end")


@blueprint.route("/watch", methods=["GET", "POST"])
@limits.limit(BEGUN, "check-in", looks=LOOKS)
def watch() -> ResponseReturnValue:
    """Begin a check-in, or open one by its code."""
    form, now = CheckInForm(sent()), clock.now()
    form.validate()
    act = form.act.data
    if not form.is_submitted() or act is None:
        return _front(CheckInForm(None), now)
    if act == "start":
        return _start(form, now)
    if form.code.data is None:
        form.code.errors = form.code.errors or [_("Type your code.")]
        return _front(form, now), 400
    try:
        return _running(form, form.code.data, act, now)
    except Unknown:
        limits.missed()
        form.code.errors = [_("There is no such code. It may have been ended already.")]
        return _front(form, now), 404


def _start(form: CheckInForm, now: datetime) -> Page:
    """Begin it once, however often she taps; the code is shown in this answer."""
    until = _until(form)
    if form.word.data is None and not form.word.errors:
        form.word.errors = [_("Fill in this field.")]
    if form.word.data and form.word.data == form.forced.data:
        form.forced.errors = [_("The digits must differ.")]
    for field in (form.word, form.forced):
        if field.data and guessed_first(field.data):
            field.errors = [_("These digits are tried first. Choose others.")]
    if any(form[name].errors for name in OWN):
        return _front(form, now), 400
    offered, token = offering.offer(db.session(), now) is not None, form.token.data or ""
    due_at = until.moment(now)
    told = _told(form)
    body = repr((told, until, form.word.data, form.forced.data)).encode()
    try:
        if before := once.before(db.session(), "check-in", token, body, now):
            return _begun(form, str(before["code"]), now)
    except once.Reused:
        return _front(form, now, _("This page was sent before. Open what has begun by its code.")), 409
    if not token_is_good("check-in", form, now):
        return _front(form, now, _("The page was open for a long time. Nothing has begun: send it once more.")), 400
    db.session.rollback()
    try:
        with writing() as s:

            def make() -> dict[str, Any]:  # what came before is answered as it was then
                if not offered:
                    raise NotNow
                return {"code": check_ins.start(s, told, due_at, form.word.data, form.forced.data, now)}

            done = once.run(s, "check-in", token, body, once.FORM_KEPT, now, make, clock.local(due_at).date)
    except NotNow:
        return _front(form, now), 409
    except NotAnHour:
        form.until.errors = [_("Choose an hour from 5 minutes to 12 hours ahead.")]
        return _front(form, now), 400
    except Full:
        return _front(form, now, _("We cannot look after any more people now. Please write to a friend.")), 503
    except (once.Reused, once.Busy):
        return _front(form, now, _("This page was sent before. Open what has begun by its code.")), 409
    return _begun(form, str(done.answer["code"]), now)


def _until(form: CheckInForm) -> Until:
    """Until when: what she typed, else the button that she pressed; a mistake becomes an error of the field."""
    chosen: Until | None = form.until.data or (None if form.until.errors else form.hours.data)
    if chosen is None and not form.until.errors:
        form.until.errors = [_("Choose an hour, or type it.")]
    return chosen or Until(0)


def _told(form: CheckInForm) -> Told:
    return Told(
        language=wording.language_now(),
        where=form.where.data or "",
        phone=form.phone.data or "",
        wish=form.wish.data or "",
        may_103=bool(form.may_103.data),
        may_102=bool(form.may_102.data),
    )


def _begun(form: CheckInForm, code: str, now: datetime) -> Page:
    """What has begun, with its code."""
    try:
        found = check_ins.find(db.session(), code)
    except Unknown:
        return _front(CheckInForm(None), now, _("It has been ended already.")), 409
    return _page(form, code, found, now, fresh=True)


def _running(form: CheckInForm, code: str, act: str, now: datetime) -> ResponseReturnValue:
    """What is under a code: it runs, it has become a signal, or a word puts it off or ends it."""
    found = check_ins.find(db.session(), code)
    if found.alert_id is not None:
        return page_of(code, standing.stand(db.session(), found.alert_id, now), now)
    if act == "open":
        return _page(form, code, found, now)
    if form.word.data is None and not form.word.errors:
        form.word.errors = [_("Fill in this field.")]
    until = _until(form) if act == "later" else None
    if form.word.errors or (act == "later" and form.until.errors):
        return _page(form, code, found, now), 400
    due_at = until.moment(now) if until is not None else None
    db.session.rollback()
    try:
        with writing() as s:
            running, wrong = check_ins.check_in(s, code, form.word.data, due_at, now)
    except NotAnHour:
        form.until.errors = [_("Choose an hour from 5 minutes to 12 hours ahead.")]
        return _page(form, code, found, now), 400
    if wrong is not None:
        form.word.errors = [_wrong_words(wrong, found)]
        return _page(form, code, found, now), 400
    if running is None:
        return render_template("safety/watch_ended.html")
    return _page(CheckInForm(None), code, running, now)


def _wrong_words(wrong: WrongWord, found: Running) -> str:
    if wrong.left:
        return str(_("These are not your digits. Tries left: %(count)s.", count=wrong.left))
    return str(
        _("Too many wrong tries. It cannot be stopped. We call whoever is on duty %(at)s.", at=wording.at(found.due_at))
    )


def _front(form: CheckInForm, now: datetime, trouble: str = "") -> str:
    offer = offering.offer(db.session(), now)
    usual = _half_hour(now + USUAL)
    text = _(
        "If you do not hear from me by %(time)s, call me. If I do not answer, call 112.",
        time=wording.time_words(usual),
    )
    return render_template(
        "safety/watch.html",
        form=form,
        offer=offer,
        trouble=trouble,
        later=_later(now),
        usual=wording.time_words(usual),
        farthest=int(FARTHEST.total_seconds() // 3600),
        text=text,
        sms=f"sms:?&body={quote(text)}",
        token=tokens.new("check-in"),
        large=large(),
    )


def _page(form: CheckInForm, code: str, found: Running, now: datetime, fresh: bool = False) -> str:
    offer = offering.offer(db.session(), now)
    return render_template(
        "safety/watch_running.html",
        form=form,
        code=code,
        shown=codes.shown(code),
        fresh=fresh,
        due_at=found.due_at,
        day=wording.near_day(clock.local(found.due_at).date(), clock.local(now).date()),
        blocked=found.blocked,
        covered=offer is not None and offer.until >= found.due_at,
        later=_later(now),
        usual=wording.time_words(_half_hour(found.due_at + USUAL / 2)),
    )


def _later(now: datetime) -> list[tuple[int, str]]:
    """What the buttons say: in one, two, three hours, and which hour that is."""
    words = (_("In 1 hour"), _("In 2 hours"), _("In 3 hours"))
    return [(n, f"{said}, {wording.time_words(now + timedelta(hours=n))}") for n, said in enumerate(words, 1)]


def _half_hour(moment: datetime) -> datetime:
    """The half hour at or before a moment."""
    return moment - timedelta(minutes=moment.minute % 30, seconds=moment.second, microseconds=moment.microsecond)

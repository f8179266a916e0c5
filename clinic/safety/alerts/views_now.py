"""/now: call whoever is on duty. Opening it sends nothing; her page of a signal is reached by its token in a form.

Numbers to call stand on every one of these pages, whatever else is wrong.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request

from clinic import clock, wording
from clinic.booking.views import Page, sent
from clinic.db import db, writing
from clinic.privacy import limits, once, tokens
from clinic.safety import help_numbers
from clinic.safety.alerts import drills, duty, signals
from clinic.safety.alerts.forms import SignalForm
from clinic.safety.alerts.signals import SignalGone, Stand
from clinic.safety.alerts.told import Told
from clinic.wording import gettext as _
from clinic.wording import ngettext

blueprint = Blueprint("alerts", __name__)
FRESH = timedelta(minutes=5)  # a press that comes later than that is asked about first
RULE = "30 per 10 minutes"
LARGE = ("112", "103")  # the numbers that stand first where nobody may come


@blueprint.context_processor
def words() -> dict[str, Any]:
    """Small words that the pages ask for."""
    return {
        "clock_words": wording.time_words,
        "since_words": wording.since,
        "within_words": within_words,
        "until_words": wording.until,
        "at_words": wording.at,
    }


def within_words(seconds: int) -> str:
    """ "за 40 секунд", "за 3 минуты"."""
    if seconds < 120:
        return ngettext("in %(num)s second", "in %(num)s seconds", seconds)
    return ngettext("in %(num)s minute", "in %(num)s minutes", round(seconds / 60))


class NotNow(Exception):
    """The press came too late to be sure of it, or nobody is on duty any more."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence over the page, and whether it is about something that went wrong."""

    text: str
    bad: bool = True


@blueprint.route("/now", methods=["GET", "POST"])
def now() -> Page:
    """Who is on duty, or the numbers; by POST a signal and how it stands."""
    form = SignalForm(sent())
    form.validate()
    moment = clock.now()
    if request.method != "POST":
        return front(moment)
    if form.act.data == "start":
        return _start(form, moment)
    if form.act.data is None or form.alert.data is None:
        return front(moment, Said(_("We could not read that. Nothing was sent."))), 400
    try:
        return _go_on(form, form.alert.data, moment)
    except SignalGone:
        return front(moment, Said(_("This signal is over, and all of it is erased."), bad=False)), 404


def _start(form: SignalForm, moment: datetime) -> Page:
    """Begin the countdown, once for each press however often it comes; a late press is asked about first."""
    fresh, offered = _is_fresh(form, moment), duty.offer(db.session(), moment) is not None
    if not limits.within(RULE, "alert"):
        return front(moment, Said(_("Too many signals come from this network. Call yourself."))), 429
    db.session.rollback()
    told = Told(language=wording.language_now())
    try:
        with writing() as s:

            def make() -> dict[str, Any]:  # a press that came before is answered as it was then
                if not fresh or not offered:
                    raise NotNow
                return {"alert": signals.start(s, told, moment)}

            done = once.run(s, "alert", form.token.data or "", b"", once.FORM_KEPT, moment, make)
        return _show(str(done.answer["alert"]), moment)
    except NotNow:
        return front(moment, ask_again=True), 409
    except signals.Overrun:
        return front(moment, Said(_("There are very many signals right now. Call yourself."))), 503
    except once.Busy:
        return front(moment, Said(_("Your signal is being taken in. Look at it again in a moment."))), 409
    except SignalGone:
        return front(moment, Said(_("This signal is over, and all of it is erased."), bad=False)), 404


def _is_fresh(form: SignalForm, moment: datetime) -> bool:
    try:
        tokens.check("alert", (form.token.data or "")[:200], moment, FRESH)
    except (tokens.TokenExpired, tokens.TokenForged):
        return False
    return True


def _go_on(form: SignalForm, token: str, moment: datetime) -> Page:
    act = form.act.data
    said = None
    if act != "state":
        with writing() as s:
            rid = signals.find(s, token)
            if act == "safe":
                signals.end(s, rid, moment)
            elif act == "say":
                signals.say(s, rid, "her", form.text.data or form.text.raw.strip(), moment)
            else:
                signals.add(s, rid, _change(form), moment)
                said = Said(_("Passed on."), bad=False)
    return _show(token, moment, said)


def _change(form: SignalForm) -> dict[str, Any]:
    """What she told: every answer of the form, or her position alone."""
    change: dict[str, Any] = {}
    if form.lat.data is not None and form.lng.data is not None:
        change = {"lat": round(form.lat.data, 4), "lng": round(form.lng.data, 4)}
    if form.whole.data:
        change |= {
            "where": form.where.data or form.where.raw.strip(),
            "phone": form.phone.data or form.phone.raw.strip(),
            **{name: bool(form[name].data) for name in ("may_103", "may_102", "quiet", "follow")},
        }
    return change


def front(moment: datetime, said: Said | None = None, ask_again: bool = False) -> str:
    """The page that offers a signal, or says that nobody is on duty."""
    s = db.session()
    offer = duty.offer(s, moment)
    return render_template(
        "safety/now.html",
        offer=offer,
        said=said,
        ask_again=ask_again and offer is not None,  # a press that sent nothing
        stale=ask_again and offer is None,
        token=tokens.new("alert"),
        large=large(),
        figures=drills.figures(s, moment),
    )


def _show(token: str, moment: datetime, said: Said | None = None) -> str:
    s = db.session()
    s.rollback()
    return page_of(token, signals.stand(s, signals.find(s, token), moment), moment, said)


def page_of(token: str, stand: Stand, moment: datetime, said: Said | None = None) -> str:
    """Her page of a signal."""
    return render_template(
        "safety/signal.html",
        alert=token,
        stand=stand,
        said=said,
        large=large(),
        waits=_waits(stand, moment),
        most=signals.COUNTDOWN,
    )


def _waits(stand: Stand, moment: datetime) -> int:
    """In how many seconds, in steps of ten, the numbers come forward without a script."""
    left = (stand.fires_at + signals.LATE - moment).total_seconds()
    return max(0, min(100, 10 * round(left / 10)))


def large() -> list[help_numbers.HelpNumber]:
    """The numbers that stand large."""
    return [line for line in help_numbers.read() if line.number in LARGE]

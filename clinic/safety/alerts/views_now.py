"""/now: call whoever is on duty. Opening it sends nothing; her page of a signal is reached by its token in a form.

Where the browser keeps our cookie (`running`), /now says that a signal runs and /now/on shows it, so that
neither Back nor Hide cuts her off from it. Numbers to call stand on every one of these pages, whatever
else is wrong.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from clinic import clock, wording
from clinic.booking import cities
from clinic.booking.views import sent
from clinic.db import db, writing
from clinic.directory import catalogue, gazetteer
from clinic.directory.catalogue import PlaceInfo
from clinic.privacy import limits, once, tokens
from clinic.safety import help_numbers
from clinic.safety.alerts import drills, duty, offering, running, signals, standing
from clinic.safety.alerts.forms import SignalForm
from clinic.safety.alerts.signals import SignalGone
from clinic.safety.alerts.standing import Stand
from clinic.safety.alerts.told import Told
from clinic.safety.pages import shown
from clinic.wording import gettext as _
from clinic.wording import ngettext

blueprint = Blueprint("alerts", __name__)
FRESH = timedelta(minutes=5)  # a press that comes later than that is asked about first
RULE = "30 per 10 minutes"
LARGE = ("112", "103")  # the numbers that stand first where nobody may come
STOPPED_BY_POLICE, AT_HOME = 10, 23  # the pages about it
GOES_ON = (*signals.GOING, "closed")  # what this browser keeps: somebody on duty may go on with it, and so may she

log = logging.getLogger(__name__)


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
    """A sentence over the page, whether it is about something that went wrong, and her words that were not sent."""

    text: str
    bad: bool = True
    unsent: str = ""


@blueprint.route("/now", methods=["GET", "POST"])
def now() -> ResponseReturnValue:
    """Who is on duty, or the numbers; by POST a signal and how it stands."""
    form = SignalForm(sent())
    form.validate()
    moment = clock.now()
    if request.method != "POST":
        return front(moment, city=_city(form))
    if form.act.data == "start":
        return _start(form, moment)
    token = form.alert.data  # never the cookie's: a step is taken by who holds the page
    if form.act.data is None or token is None:
        return front(moment, Said(_("We could not read that. Nothing was sent."))), 400
    try:
        return _go_on(form, token, moment)
    except SignalGone:
        return _over(moment), 404


@blueprint.get("/now/on")
def on() -> ResponseReturnValue:
    """The signal that this browser has given. A page that renews itself stays as it is where no cookie is kept."""
    token, moment = running.recall(), clock.now()
    if token is None:
        return ("", 204) if "again" in request.args else redirect(url_for("alerts.now"), 303)
    try:
        return _show(token, moment, kept=True)
    except SignalGone:
        return _over(moment), 404


def _start(form: SignalForm, moment: datetime) -> ResponseReturnValue:
    """Begin the countdown, once for each press however often it comes; a late press is asked about first.

    While a signal of this browser runs, a press joins it, and calls again what somebody on duty has ended.
    """
    token = running.recall()
    runs = _runs(token, moment) if token is not None else None
    if runs is not None:
        db.session.rollback()
        with writing() as s:
            signals.call_again(s, runs.rid, moment)
        return redirect(url_for("alerts.on"), 303)
    city = _city(form)
    fresh = _is_fresh(form, moment)
    offered = offering.offer(db.session(), moment, city.key if city else "") is not None
    if not limits.within(RULE, "alert"):
        return front(moment, Said(_("Too many signals come from this network. Call yourself.")), city), 429
    db.session.rollback()
    told = Told(language=wording.language_now(), city=city.key if city else "")
    network = limits.network()
    try:
        with writing() as s:

            def make() -> dict[str, Any]:  # a press that came before is answered as it was then
                if not fresh or not offered:
                    raise NotNow
                return {"alert": signals.start(s, told, moment, network)}

            done = once.run(s, "alert", form.token.data or "", b"", once.FORM_KEPT, moment, make)
        return _answer(str(done.answer["alert"]), moment)
    except NotNow:
        return front(moment, city=city, ask_again=True), 409
    except signals.Overrun:
        return front(moment, Said(_("There are very many signals right now. Call yourself.")), city), 503
    except once.Busy:
        return front(moment, Said(_("Your signal is being taken in. Look at it again in a moment.")), city), 409
    except SignalGone:
        return _over(moment), 404


def _is_fresh(form: SignalForm, moment: datetime) -> bool:
    try:
        tokens.check("alert", (form.token.data or "")[:200], moment, FRESH)
    except (tokens.TokenExpired, tokens.TokenForged):
        return False
    return True


def _go_on(form: SignalForm, token: str, moment: datetime) -> ResponseReturnValue:
    act = form.act.data
    if act == "state":
        return _show(token, moment, kept=running.recall() == token, renews=not form.write.data)
    text = form.text.data or form.text.raw.strip()
    with writing() as s:
        rid = signals.find(s, token)
        arrived = True
        if act in ("stop", "safe"):
            signals.end(s, rid, moment, well=act == "safe")
        elif act == "again" or (act == "say" and not text):
            arrived = signals.call_again(s, rid, moment)
        elif act == "say":
            arrived = signals.say(s, rid, "her", text, moment)
        else:
            change = {"unwell": True, "quiet": True} if act == "unwell" else _change(form)
            text = change.get("where", "")
            arrived = signals.add(s, rid, change, moment)
    if arrived:
        return _answer(token, moment)
    said = Said(
        _("This was not sent: the signal has ended. If you need help, call, or give a new signal."), unsent=text
    )
    return _show(token, moment, said), 409


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


def _city(form: SignalForm) -> PlaceInfo | None:
    """The city that she typed or tapped, else the one that this browser remembers."""
    cat = catalogue.current(db.session())
    if form.near.data:
        found = gazetteer.locate(cat, form.near.data)
        city = cities.city_at(cat, found) if isinstance(found, gazetteer.Spot) else None
        if city is None:
            form.near.errors = [_("We do not know this city. Choose one of these.")]
        else:
            cities.remember(session, city)
            return city
    return cities.remembered(cat, session)


def _runs(token: str, moment: datetime) -> Stand | None:
    """The signal of this browser while it goes on."""
    try:
        found = standing.stand(db.session(), signals.find(db.session(), token), moment)
    except SignalGone:
        return None
    return found if found.state in GOES_ON else None


def front(moment: datetime, said: Said | None = None, city: PlaceInfo | None = None, ask_again: bool = False) -> str:
    """The page that offers a signal, says that one runs, or that nobody can be called."""
    s = db.session()
    cat = catalogue.current(s)
    offer = offering.offer(s, moment, city.key if city else "")
    token = running.recall()
    return render_template(
        "safety/now.html",
        offer=offer,
        somebody=offer is not None or bool(duty.to_call(s, moment)),
        said=said,
        ask_again=ask_again and offer is not None,  # a press that sent nothing
        stale=ask_again and offer is None,
        token=tokens.new("alert"),
        runs=_runs(token, moment) if token is not None else None,
        alert=token,
        large=large(),
        city=city,
        cities=cities.cities(cat),
        near_help=help_numbers.of_city(cat, city, moment) if city else (),
        police=shown.languages_of(s, STOPPED_BY_POLICE),
        police_page=STOPPED_BY_POLICE,
        home=shown.languages_of(s, AT_HOME),
        home_page=AT_HOME,
        figures=drills.figures(s, moment),
    )


def _over(moment: datetime) -> Response:
    """There is no such signal any more: this browser forgets it as well."""
    response = make_response(front(moment, Said(_("This signal is over, and all of it is erased."), bad=False)))
    running.forget(response)
    return response


def _answer(token: str, moment: datetime) -> ResponseReturnValue:
    """After a step: her page, at an address that Back and reload lead to where this browser keeps cookies."""
    if running.recall() == token:
        return redirect(url_for("alerts.on"), 303)
    return _show(token, moment)


def _show(token: str, moment: datetime, said: Said | None = None, kept: bool = False, renews: bool = True) -> Response:
    """Her page of a signal; `kept`: this browser has shown that it keeps it; `renews`: itself, without a script."""
    s = db.session()
    s.rollback()
    rid = signals.find(s, token)
    stand = standing.stand(s, rid, moment)
    _seen(rid, stand, moment)
    return page_of(token, stand, moment, said, kept, renews)


def _seen(rid: bytes, stand: Stand, moment: datetime) -> None:
    """Write down that her page is open; nothing waits for it, and it fails nothing."""
    if stand.seen_at is not None and timedelta(0) <= moment - stand.seen_at < signals.SEEN_EVERY:
        return
    db.session.rollback()
    try:
        with writing() as s:
            signals.seen(s, rid, moment)
    except OperationalError:
        log.warning("signals: that a page is open could not be written down")


def page_of(
    token: str, stand: Stand, moment: datetime, said: Said | None = None, kept: bool = False, renews: bool = True
) -> Response:
    """Her page of a signal, which this browser keeps until it is over."""
    goes_on = stand.state in GOES_ON
    body = render_template(
        "safety/signal.html",
        alert=token,
        stand=stand,
        said=said,
        large=large(),
        waits=_waits(stand, moment),
        goes_on=goes_on,
        kept=kept,
        renews=goes_on and said is None and renews,
    )
    response = make_response(body)
    if goes_on and running.recall() != token:
        running.remember(response, token, moment)
    elif not goes_on and running.recall() == token:
        running.forget(response)
    return response


def _waits(stand: Stand, moment: datetime) -> int:
    """In how many seconds, in steps of ten, the numbers come forward without a script."""
    left = (stand.fires_at + signals.LATE - moment).total_seconds()
    return max(0, min(100, 10 * round(left / 10)))


def large() -> list[help_numbers.HelpNumber]:
    """The numbers that stand large."""
    return [line for line in help_numbers.read() if line.number in LARGE]

"""The pages of the people who work here."""

from datetime import date, datetime

from flask import Blueprint, Flask, Response
from flask_wtf.csrf import generate_csrf

from clinic import clock, wording
from clinic.staff import guard

bp = Blueprint("desk", __name__, url_prefix="/staff")


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.context_processor
def _words() -> dict[str, object]:
    return {"staff_csrf": generate_csrf, "this_page": guard.here}


def _near_day(day: date) -> str:
    return wording.day_words(day, clock.service_day(clock.now()))


def _day_clock(moment: datetime) -> str:
    return f"{wording.day_words(clock.local(moment).date(), clock.today())}, {wording.time_words(moment)}"


def _day_hour(moment: datetime) -> str:
    return f"{wording.short_day(clock.local(moment).date())}, {wording.time_words(moment)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def init(app: Flask) -> None:
    """The sign-in, every page of the desk, and how its templates write times."""
    # they add their views to the blueprint
    from clinic.desk import (  # noqa: F401
        awaited,
        bookings,
        closing,
        closures,
        confirming,
        content,
        content_versions,
        covered,
        deeds,
        doors,
        duty_pages,
        felt,
        figures,
        first_time,
        hours,
        insight,
        inviting,
        me,
        notes,
        people,
        place_import,
        place_pages,
        place_rooms,
        places,
        point_pages,
        points,
        reach,
        readiness,
        recalls,
        referrals,
        requests,
        running_late,
        sections,
        shared_desk,
        shift_notes,
        signal_pages,
        stocking,
        stop,
        trainings,
        views,
        visit,
        visit_acts,
        walk_ins,
        week,
    )

    guard.init(app)
    app.register_blueprint(bp)
    app.jinja_env.filters.update(
        clock_time=wording.time_words,
        day_clock=_day_clock,
        since_words=wording.since,
        until_words=wording.until,
        long_day_words=wording.long_day,
        near_day_words=_near_day,
        short_day_words=wording.short_day,
        day_hour_words=_day_hour,
        weekday_words=wording.weekday_short,
        hours_words=wording.hours_minutes,
        capitalize_first=_capital,
        cell_number=clock.cell,
        service_day=clock.service_day,
        expiry_words=point_pages.expiry_words,
        km_words=wording.km,
    )

"""The rooms of a place: a new one, what is done in one, and its end."""

import secrets
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import Form

from clinic import audit, clock
from clinic.booking import rearranging, reshape
from clinic.booking.reshape import MoreTouched, Touched
from clinic.db import LANGUAGES, db, writing
from clinic.desk import bp, place_forms, rearranged
from clinic.desk.place_forms import RoomForm
from clinic.desk.place_pages import services_of, three_fields
from clinic.desk.places import PLACE_ROLES
from clinic.directory import catalogue, setup
from clinic.directory.catalogue import LocationInfo, RoomInfo
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now


@bp.route("/places/<slug>/room", methods=["GET", "POST"])
@staff_only(*PLACE_ROLES)
def place_room(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """A new room, or one of the place's: its name, its pause, what is done in it; or its end."""
    room = _room(location)
    if request.method == "GET":
        every = [str(number) for number in location.services]
        known = _stored_room(room) if room else {"pause": "0", "service": every}
        return _room_page(person, location, room, RoomForm(MultiDict(known)))
    if room is not None and request.form.get("act") in ("end", "retire"):
        return _retire(person, location, room)
    form, now = RoomForm(request.form), clock.now()
    form.validate()
    services = [number for number in form.service.data or () if number in location.services]
    if not services and not form.service.errors:
        form.service.errors = [_("Choose what is done in it.")]
    name = place_forms.three(form, "name")
    others = [other.name for other in location.rooms if room is None or other.id != room.id]
    for language in LANGUAGES:
        if name[language] and name[language].casefold() in {other[language].casefold() for other in others}:
            field = form[f"name_{language}"] if form[f"name_{language}"].data else form.name_ru
            field.errors = [_("There is a room of this name already: on the roster nobody could tell which is which.")]
    if any(field.errors for field in form):
        return _room_page(person, location, room, form), 422
    pause = int(form.pause.data)
    db.session.rollback()
    with writing() as s:
        reshape.bump_ahead(s, location, now)
        if room is None:
            added = setup.add_room(s, location.id, name, pause, services)
            audit.record(s, now, person.login, "room.new", f"room:{added.id}", location.id)
        else:
            setup.change_room(s, room.id, name, pause, services)
            audit.record(s, now, person.login, "room.change", f"room:{room.id}", location.id)
    return redirect(url_for("desk.place", slug=location.slug), 303)


def _retire(person: SignedIn, location: LocationInfo, room: RoomInfo) -> ResponseReturnValue:
    """First whom it leaves without a room, then the end of the room and what becomes of each visit."""
    now, today, token = clock.now(), clock.today(), request.form.get("token", "")
    chosen = rearranged.answers(request.form)
    db.session.rollback()
    if request.form["act"] == "end":
        with writing() as s:
            touched = reshape.foresee(s, location, lambda s: setup.retire_room(s, room.id, today), now)
            s.rollback()
        return _retire_page(person, location, room, touched, {}, "")
    if not 22 <= len(token) <= 64:
        abort(422)

    def retire() -> dict[str, Any]:
        answers = rearranging.rids_of(s, location.id, chosen) if chosen else {}
        done = reshape.change(s, location, lambda s: setup.retire_room(s, room.id, today), answers, now)
        audit.record(s, now, person.login, "room.retire", f"room:{room.id}", location.id)
        return rearranged.kept(done)

    try:
        with writing() as s:
            body = f"{room.id}:{sorted(chosen.items())}".encode()
            done = once.run(s, f"retire:{location.id}", token, body, once.DESK_KEPT, now, retire)
    except MoreTouched as more:
        sentence = rearranged.again_words()
        return _retire_page(person, location, room, more.touched, chosen, sentence), 409
    except (once.Busy, once.Reused):
        return redirect(url_for("desk.place", slug=location.slug), 303)
    return render_template(
        "desk/rearranged.html",
        person=person,
        location=location,
        heading=_("The room is given up"),
        words=room.name[language_now()],
        deeds=rearranged.deeds(done.answer, now),
        back=url_for("desk.place", slug=location.slug),
    )


def _retire_page(
    person: SignedIn,
    location: LocationInfo,
    room: RoomInfo,
    touched: tuple[Touched, ...],
    chosen: rearranged.Answers,
    sentence: str,
) -> str:
    return render_template(
        "desk/place_retire.html",
        person=person,
        location=location,
        room=room,
        choices=rearranged.choices(touched, chosen, clock.now()),
        sentence=sentence,
        token=secrets.token_urlsafe(16),
    )


def _room(location: LocationInfo) -> RoomInfo | None:
    number = request.args.get("room")
    if number is None:
        return None
    found = next((room for room in location.rooms if str(room.id) == number), None)
    if found is None:
        abort(404)
    return found


def _stored_room(room: RoomInfo) -> dict[str, Any]:
    services = [str(number) for number in room.services]
    return {**three_fields("name", room.name), "pause": str(room.pause), "service": services}


def _room_page(person: SignedIn, location: LocationInfo, room: RoomInfo | None, form: Form) -> str:
    return render_template(
        "desk/place_room.html",
        person=person,
        location=location,
        room=room,
        form=form,
        services=services_of(catalogue.current(db.session()), set(location.services)),
        chosen=set(form["service"].data or ()),
        token=secrets.token_urlsafe(16),
    )

"""A house that is full: twenty places with long names, people in every state, somebody with a role at each place."""

from collections import Counter
from datetime import timedelta

from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import insight, line, marking, tally
from clinic.booking.models import Offered, Unmet
from clinic.db import Text3, writing
from clinic.desk import board, shift
from clinic.directory import catalogue, checks
from clinic.directory.models import Location, PlaceName, Room, Service
from clinic.privacy import sealing
from clinic.safety.alerts import answering, calling, duty, signals
from clinic.safety.alerts.models import Duty
from clinic.safety.alerts.told import Told
from clinic.safety.pages import editing
from clinic.safety.pages.editing import Draft
from clinic.staff import accounts
from clinic.staff.models import ROLES, Staff
from tests import factories
from tests.desk import routes
from tests.desk.conftest import PASSWORD, PIN, Desk
from tests.safety.texts import a_page_of_guidance

LONG = "Ақбота әйелдер денсаулығын қолдау орталығы, екінші бөлімше"
EVERYTHING = "everything"  # the login of who has every role


def fill(desk: Desk) -> str:
    """Fill a furnished desk; the address of a call for help that `EVERYTHING` has taken."""
    routes.everybody(desk)
    with writing() as s:
        place = _twenty_places(s, desk)
        everything = accounts.add(s, EVERYTHING, "Гүлнар Әбдіқадырқызы", "kk", PASSWORD, PIN)
        for role in ROLES:
            accounts.give_role(s, everything, role, place.organization_id, None)
        everywhere = accounts.add(s, "everywhere", "Ұлбосын Құрманғалиқызы-Сейітқазы", "kk", PASSWORD, PIN)
        for one in s.query(Location).filter(Location.organization_id == place.organization_id):
            for role in ("receptionist", "clinician", "point_keeper"):
                accounts.give_role(s, everywhere, role, None, one.id)
        shift.write(s, place.id, "Айгүл", "Принтер қағазы таусылды. " * 4, clock.now())
        checks.answer(s, checks.ask(s, place.id, EVERYTHING, clock.now()), False, "Телефон өзгерді " * 9, clock.now())
        _figures(s, place.id)
        catalogue.changed(s)
    _people_in_every_state(desk)
    _two_versions()
    return _a_taken_call()


def _twenty_places(s: Session, desk: Desk) -> Location:
    place, service = s.get_one(Location, desk.location_id), s.get_one(Service, desk.service_id)
    place.name = Text3(kk=LONG, ru=LONG, en=LONG)
    factories.a_room(s, place, (service,), "Room 6")
    for n, room in enumerate(s.query(Room).filter(Room.location_id == place.id).order_by(Room.id), 3):
        room.name = Text3(kk=f"{n}-кабинет, екінші қабат", ru=f"Кабинет {n}, второй этаж", en=f"Room {n}")
    for n in range(19):
        more = factories.a_location(s, f"{LONG} {n}", hours="Mo-Su 06:00-30:00", services=(service,))
        factories.a_room(s, more, (service,), f"{n}-кабинет")
    return place


def _figures(s: Session, place: int) -> None:
    weeks = insight.weeks_until(clock.today())
    s.add(
        PlaceName(
            key="almaty", kind="city", name=Text3("Алматы", "Алматы", "Almaty"), within="", other_names="",
            lat=43.2, lng=76.9, weight=1,
        )
    )  # fmt: skip
    for week in weeks:
        start = clock.at(week + timedelta(days=3), 20 * 60)
        counted = {what: tally.key(place, start, what) for what in ("done", "missed", "late", "lead_1d", "walk_in")}
        tally.add(s, Counter(dict.fromkeys(counted.values(), 1_250)))
        s.add(Offered(location_id=place, day=week + timedelta(days=3), hour=20, n=1_400))
        s.add(Unmet(area="almaty", week=week, part="evening", n=120))


def _people_in_every_state(desk: Desk) -> None:
    way = ("here", "in_room", "done")
    numbers = [desk.woman(minutes) for minutes in (0, 20, 40, 60) for _ in range(4)]
    with writing() as s:
        for n, ticket in enumerate(numbers[:9]):
            was = "booked"
            for to in ("missed",) if n == 8 else way[: n if n < 4 else n % 2]:
                rid = board.rid_of(s, desk.location_id, desk.day, ticket)
                assert rid is not None
                marking.set_status(s, desk.location_id, rid, was, to, "gulnar", clock.now() - timedelta(minutes=11))
                was = to
        for _ in range(3):
            cat = catalogue.current(s)
            line.wait(s, cat.locations[desk.location_id], 20, clock.now(), "gulnar")


def _two_versions() -> None:
    number = a_page_of_guidance()
    with writing() as s:
        text = "\n\n".join(f"{n}. {LONG}: сұраңыз, жауап беріледі." for n in range(6))
        editing.save(s, number, "kk", Draft(LONG, "", "", text, ""), None, 1, EVERYTHING, clock.now())


def _a_taken_call() -> str:
    now = clock.now()
    with writing() as s:
        staff_id = s.query(Staff.id).filter(Staff.login == EVERYTHING).scalar()
        assert staff_id is not None
        of = s.query(Location.organization_id).order_by(Location.id).limit(1).scalar()
        assert of is not None
        rid = duty.begin(s, staff_id, of, "Гүлнар", "+77010000091", 8, now)
        number = sealing.open_(duty.PROOF, rid, s.query(Duty.proof).filter(Duty.rid == rid).scalar() or b"")
        assert duty.confirm(s, staff_id, number, now)
        duty.beat(s, now)
        earlier = now - timedelta(minutes=2)
        signals.start(s, Told(language="kk"), earlier)
        call = signals.find(s, signals.start(s, Told(language="kk"), earlier))
    calling.turn(now)  # the countdown of both is over
    with writing() as s:
        assert answering.take(s, call, staff_id, EVERYTHING, now)
    return f"/staff/alerts/{call.hex()}"

"""What was said reaches the coordinator of that place, from the next Monday on, and nobody else."""

from datetime import date, timedelta

from time_machine import Traveller

from clinic import clock
from clinic.booking import feedback, marking
from clinic.db import writing
from clinic.passes import passes
from tests.desk.conftest import Desk


def test_a_line_reaches_the_coordinator_on_the_next_monday(desk: Desk, evening: Traveller) -> None:
    one = desk.booked(0)
    with writing() as s:
        marking.set_status(s, desk.location_id, one.appointment.rid, "booked", "done", "gulnar", clock.now())
        pass_ = passes.find(s, one.code or "")
        yes = dict.fromkeys(feedback.QUESTIONS, True)
        feedback.answer(s, pass_, one.appointment.rid, yes, "Warm <tea>", clock.now())
    assert "Warm" not in desk.client("chief").get("/en/staff/lines").text
    evening.move_to(clock.at(date(2026, 11, 30), 12 * 60) + timedelta(minutes=1))
    page = desk.client("chief").get("/en/staff/lines").text
    assert "Warm &lt;tea&gt;" in page
    assert "Fewer than ten answers" in page
    assert "Dala" not in page
    for other in ("gulnar", "aigul", "keeper"):
        assert desk.client(other).get("/staff/lines").status_code == 404

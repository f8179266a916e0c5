"""A page in words to look at."""

from clinic import clock
from clinic.db import writing
from clinic.safety.pages import editing
from clinic.safety.pages.editing import Check, Draft
from clinic.safety.pages.models import Page


def a_page_of_guidance() -> int:
    """The number of a page for staff that somebody has checked."""
    with writing() as s:
        if s.get(Page, 30) is None:
            s.add(Page(number=30, section="staff"))
            s.flush()
            draft, check = Draft("Guidance", "", "", "A word.", ""), Check("Dana", clock.today())
            for language in ("kk", "ru", "en"):
                editing.save(s, 30, language, draft, check, 0, "chief", clock.now())
    return 30

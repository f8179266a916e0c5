"""Every form of hers, found on its page and sent as she would; what is typed into it is looked for later."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import writing
from clinic.directory import checks
from clinic.directory.models import Location
from tests.browser.test_she_books import to_confirm
from tests.safety.notes import png

PNG = png(b"brplntphoto" + b"\0" * 2000)


@dataclass
class Walk:
    """One phone on its way through the site; `planted` is what went through each form, `code` her own."""

    page: Page
    planted: dict[str, list[str]] = field(default_factory=dict)
    code: str = ""

    def plant(self, rule: str, *secrets: str) -> None:
        self.planted.setdefault(rule, []).extend(secrets)

    def fill(self, rule: str, selector: str, secret: str) -> None:
        """Type a secret into a field."""
        self.page.locator(selector).first.fill(secret)
        self.plant(rule, secret)

    def unfold(self) -> None:
        """Open every fold of the page, without a script too."""
        folded = self.page.locator("main details:not([open]) > summary:visible")
        while folded.count():
            folded.first.click()

    def open_mine(self) -> None:
        """The page of her code."""
        self.page.goto("/ru/mine")
        self.page.fill("#code", self.code)
        self.page.locator("main form:has(#code) .btn.main").click()
        expect(self.page.locator("h1[data-secret]")).to_have_count(1)

    def ticket(self, rule: str) -> None:
        """The code of what was just taken."""
        expect(self.page.locator(".code")).to_have_count(1)
        self.code = (self.page.locator(".code").text_content() or "").strip()
        self.plant(rule, self.code)


def near(she: Walk) -> None:
    she.page.goto("/ru/near")
    she.fill("/near", "#near", "brplntnowhere")
    she.page.press("#near", "Enter")
    expect(she.page.locator("main")).to_contain_text("brplntnowhere")


def book(she: Walk) -> None:
    page = she.page
    to_confirm(page, "ru")
    she.unfold()
    she.fill("/at/<slug>/book", "#phone", "+77476543999")
    page.locator("form:has(#phone) button.main.full").click()
    expect(page.locator("dl.facts .sms")).to_be_visible()
    page.locator("button[value=book]").click()
    expect(page.locator(".ticket h1")).to_be_visible()
    she.ticket("/at/<slug>/book")


def mine(she: Walk) -> None:
    she.open_mine()
    she.plant("/mine", she.code)


def place(she: Walk) -> None:
    """With her code, the steps to a time are forms."""
    she.open_mine()
    she.page.locator("form[action$='/near'] button").first.click()
    she.page.locator("form[action*='/at/'] button").first.click()
    she.plant("/at/<slug>", she.code)


def felt(she: Walk) -> None:
    with writing() as s:
        s.execute(update(Appointment).values(status="done"))
    she.open_mine()
    she.unfold()
    for name in ("respected", "private", "again"):
        she.page.locator(f"label:has([name={name}][value='1'])").first.click()
    she.fill("/mine", "[name=line]", "brplntfeltwords")
    she.page.locator("button[value=felt]").first.click()
    expect(she.page.locator("[name=line]")).to_have_count(0)


def wait(she: Walk) -> None:
    she.page.goto("/ru/wait?near=Алматы")
    she.unfold()
    she.fill("/wait", "#phone", "+77476543888")
    she.page.locator("button[value=tell]").click()
    she.ticket("/wait")


def order(she: Walk) -> None:
    she.page.goto("/ru/order")
    she.fill("/order", "#near", "brplntordernowhere")
    she.page.press("#near", "Enter")
    expect(she.page.locator("#near")).to_have_value("brplntordernowhere")
    expect(she.page.locator("[data-errors]").first).to_be_visible()


def points(she: Walk) -> None:
    she.page.goto("/ru/order/points?kit=1&q=1&near=Алматы")
    she.unfold()
    she.fill("/order/points", "#phone", "+77476543777")
    she.page.locator("form:has(#phone) button.main").click()
    expect(she.page.locator(".ticket h1")).to_be_visible()
    she.ticket("/order/points")


def how(she: Walk) -> None:
    she.page.goto("/ru/order/how/1")
    she.page.locator("#timer button").click()


def result(she: Walk) -> None:
    she.page.goto("/ru/p/4")
    she.page.locator("button.bad").click()


def find(she: Walk) -> None:
    she.page.goto("/ru/p/find")
    she.fill("/p/find", "[name=q]", "brplntsearched")
    she.page.keyboard.press("Enter")
    expect(she.page.locator("h1")).to_have_count(1)


def days(she: Walk) -> None:
    she.open_mine()
    she.page.locator("form[action$='/days'] button").click()
    expect(she.page.locator("main li.card").first).to_be_visible()
    she.plant("/days", she.code)


def day(she: Walk) -> None:
    she.page.goto("/ru/days")
    she.page.locator("main li h2 a").first.click()
    she.unfold()
    she.fill("/days/<int:number>", "#phone", "+77476543666")
    she.page.locator("button[value=tell]").click()
    expect(she.page.locator(".ticket h1")).to_be_visible()
    she.ticket("/days/<int:number>")


def note(she: Walk) -> None:
    page = she.page
    page.goto("/ru/note")
    she.unfold()
    she.fill("/note", "#text", "brplntnotewords")
    she.fill("/note", "#where", "brplntnotewhere")
    page.set_input_files("#photo", {"name": "brplntname.png", "mimeType": "image/png", "buffer": PNG})
    she.plant("/note", "brplntphoto", "brplntname")
    page.locator("button[value=send]").click()
    expect(page.locator(".code")).to_have_count(1)
    code = (page.locator(".code").text_content() or "").strip()
    she.plant("/note", code)
    page.goto("/ru/note")
    she.unfold()
    page.fill("#code", code)
    page.locator("button[value=open]").click()
    expect(page.locator("button[value=more]")).to_be_visible()
    she.fill("/note", "#text", "brplntnotemore")
    page.locator("button[value=more]").click()
    expect(page.locator(".notice.good")).to_be_visible()


def now(she: Walk) -> None:
    page = she.page
    page.goto("/ru/now")
    page.locator("button.sos").click()
    if page.locator("button[data-nojs], form[data-nojs] button.main").first.is_visible():
        page.locator("form[data-nojs] button.main").first.click()
    she.fill("/now", "#where", "brplntflat52")
    she.fill("/now", "#tell #phone", "+77476543555")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("#tell button.main").click()
    expect(page.locator("#state")).to_be_visible()


def watch(she: Walk) -> None:
    page = she.page
    page.goto("/ru/watch")
    she.fill("/watch", "#until", "23:10")
    she.planted["/watch"].clear()  # an hour is found in any file
    she.fill("/watch", "#word", "25836914")
    she.fill("/watch", "#forced", "96384721")
    she.fill("/watch", "#wish", "brplntwatchwish")
    she.fill("/watch", "#where", "brplntwatchwhere")
    she.fill("/watch", "#phone", "+77476543444")
    page.locator("form:has(#word) button.main").click()
    expect(page.locator(".code")).to_have_count(1)
    she.plant("/watch", (page.locator(".code").text_content() or "").strip())
    she.page.fill("#word", "25836914")
    page.locator("button[value=end]").click()
    expect(page.locator("#word")).to_have_count(0)


def entry(she: Walk) -> None:
    with writing() as s:
        token = checks.ask(s, s.scalars(select(Location.id)).first() or 0, "desk", clock.now())
    she.page.goto(f"/ru/entry/{token}")
    she.page.locator("label:has([name=all_right][value='0'])").click()
    she.fill("/entry/<token>", "#says", "brplntentrywords")
    she.page.locator("button.main").click()
    expect(she.page.locator("#says")).to_have_count(0)


def unsent(she: Walk) -> None:
    """What she has typed and not sent, on a tab that the browser throws away."""
    page = she.page
    page.goto("/ru/note")
    she.unfold()
    she.fill("/note", "#text", "brplntunsentnote")
    page.goto("/ru/watch")
    she.fill("/watch", "#where", "brplntunsentwatch")
    page.goto("/ru/mine")
    she.fill("/mine", "#code", "BRPLN TUNSE NTCDE")


# what opens, sends or reads each rule that takes a POST, in an order in which a person could
FORMS: dict[str, tuple[Callable[[Walk], None], ...]] = {
    "/near": (near,),
    "/p/find": (find,),
    "/p/4": (result,),
    "/order": (order,),
    "/order/how/<int:number>": (how,),
    "/order/points": (points,),
    "/wait": (wait,),
    "/days/<int:number>": (day,),
    "/at/<slug>/book": (book,),
    "/mine": (mine, felt),
    "/at/<slug>": (place,),
    "/days": (days,),
    "/note": (note,),
    "/watch": (watch,),
    "/now": (now,),
    "/entry/<token>": (entry,),
    "/p/3/clear": (),  # sent at the end, by the test of what it leaves
}

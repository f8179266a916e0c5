"""Pages and their versions. A version is never changed: what is new is another version."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base

SECTIONS = ("help", "rights", "health", "lesson", "staff")
LANGUAGES = ("kk", "ru", "en", "uz", "uz-cyrl")  # more than the site's own three: a page may speak others
STATES = ("draft", "checked", "withdrawn")


class Page(Base):
    """A page, whatever its language; `number` stands in its address and says nothing."""

    __tablename__ = "page"
    __table_args__ = (CheckConstraint(f"section IN {SECTIONS!r}", name="section"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    section: Mapped[str] = mapped_column(String(10))
    position: Mapped[int] = mapped_column(default=0)  # within its section


class PageVersion(Base):
    """What a page said in one language from one saving on. Only a checked one is shown outside the demo."""

    __tablename__ = "page_version"
    __table_args__ = (
        CheckConstraint(f"language IN {LANGUAGES!r}", name="language"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint("(state = 'checked') = (reviewed_on IS NOT NULL)", name="reviewed"),
        CheckConstraint("(reviewed_on IS NULL) = (reviewed_by = '')", name="reviewer"),
    )

    page: Mapped[int] = mapped_column(ForeignKey("page.number", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(10))
    heading: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(String(160), default="")  # one line for lists
    words: Mapped[str] = mapped_column(String(300), default="")  # what else people type who look for it
    text: Mapped[str] = mapped_column(Text)  # Markdown
    sources: Mapped[str] = mapped_column(Text, default="")
    reviewed_on: Mapped[date | None]
    reviewed_by: Mapped[str] = mapped_column(String(80), default="")
    saved_on: Mapped[date]
    saved_by: Mapped[str] = mapped_column(String(80))

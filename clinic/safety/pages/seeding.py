"""Brings the texts of `seeds/pages/` in: `<number>.<language>.md`, with front matter.

A file is loaded as a draft, or as checked where its front matter names who checked it and when. Loading
again adds a version where the file has changed, unless a person has edited the page here: then theirs stays.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import frontmatter
import yaml  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.config import ROOT
from clinic.safety.pages import markup, neutral
from clinic.safety.pages.models import LANGUAGES, SECTIONS, Page, PageVersion

SEEDS = ROOT / "seeds" / "pages"
ACTOR = "seeds"
_NAME = re.compile(r"([1-9][0-9]{0,3})\.([a-z-]{2,8})\.md")
_KNOWN = {"section", "position", "heading", "summary", "words", "sources", "checked_on", "checked_by"}


class FileRefused(ValueError):
    """A file can't be a page; the sentence names it and says why."""


def load(s: Session, today: date, folder: Path = SEEDS) -> int:
    """Load every file of a folder; how many versions were added. Raises FileRefused, and then adds none."""
    files = [_read(path) for path in sorted(folder.glob("*.md"))]
    added = 0
    for number, language, meta, text in files:
        page = s.get(Page, number)
        if page is None:
            s.add(Page(number=number, section=meta["section"], position=meta["position"]))
            s.flush()
        newest = s.scalar(
            select(PageVersion)
            .where(PageVersion.page == number, PageVersion.language == language)
            .order_by(PageVersion.n.desc())
            .limit(1)
        )
        values = {
            "heading": meta["heading"], "summary": meta["summary"], "words": meta["words"], "text": text,
            "sources": meta["sources"], "reviewed_on": meta["checked_on"], "reviewed_by": meta["checked_by"],
        }  # fmt: skip
        if newest is not None and (newest.saved_by != ACTOR or all(getattr(newest, k) == v for k, v in values.items())):
            continue
        s.add(
            PageVersion(
                page=number,
                language=language,
                n=1 if newest is None else newest.n + 1,
                state="checked" if meta["checked_on"] else "draft",
                saved_on=today,
                saved_by=ACTOR,
                **values,
            )
        )
        added += 1
    s.flush()
    return added


def _read(path: Path) -> tuple[int, str, dict[str, Any], str]:
    name = _NAME.fullmatch(path.name)
    if name is None or name[2] not in LANGUAGES:
        raise FileRefused(f"{path.name}: a page is named <number>.<language>.md")
    try:
        post = frontmatter.loads(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileRefused(f"{path.name}: {error}") from error
    meta = _meta(path.name, post.metadata)
    text = post.content.strip()
    if strange := markup.strange(text):
        raise FileRefused(f"{path.name}: a link leads away to {strange[0]}")
    if told := next(filter(None, map(neutral.telling, (meta["heading"], meta["summary"], *markup.large(text)))), ""):
        raise FileRefused(f"{path.name}: a heading, summary or button tells too much: {told}")
    if len(text) > markup.MOST_SIGNS:
        raise FileRefused(f"{path.name}: longer than {markup.MOST_SIGNS} signs")
    return int(name[1]), name[2], meta, text


def _meta(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := found.keys() - _KNOWN:
        raise FileRefused(f"{name}: unknown in the front matter: {', '.join(sorted(unknown))}")
    meta: dict[str, Any] = {"position": 0, "checked_on": None}
    meta |= dict.fromkeys(("summary", "words", "sources", "checked_by"), "") | dict(found)
    if meta.get("section") not in SECTIONS or not meta.get("heading"):
        raise FileRefused(f"{name}: section and heading are needed")
    if not isinstance(meta["position"], int) or not isinstance(meta["checked_on"], date | None):
        raise FileRefused(f"{name}: position is a number, checked_on a day")
    if bool(meta["checked_on"]) != bool(meta["checked_by"]):
        raise FileRefused(f"{name}: who checked it and when stand together")
    return meta

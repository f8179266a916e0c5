"""Figures without persons for shadow reports: whole fives, whole quarters, nothing from which one account steps out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from clinic.kits.withholding import in_steps
from clinic.safety.reports import labels
from clinic.safety.reports.content import REPORT
from clinic.safety.reports.vault import Letter
from clinic.wording import gettext as _
from clinic.wording import language_now

COUNTED = ("what", "when", "region", "who", "evidence")
# Where such an account is usually raised; the organization's lawyer decides.
TREATIES = {
    "stopped": "CEDAW 2, 15",
    "money": "CEDAW 2, 15",
    "beaten": "CEDAW 2 (GR 35)",
    "forced": "CEDAW 2 (GR 35)",
    "threatened": "CEDAW 2, 5 (GR 35)",
    "exposed": "CEDAW 12; CESCR 12",
    "tested": "CEDAW 12; CESCR 12",
    "refused": "CEDAW 2, 12; CESCR 12",
    "taken": "CEDAW 2, 15",
    "held": "CEDAW 6; CESCR 7",
}


def quarter_begun(today: date) -> date:
    """The first day of the quarter in which it is now: what began before is counted."""
    return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)


def rows(letters: Iterable[Letter], today: date) -> list[Sequence[str]]:
    """A table: question, answer, how many at least ("" under five), where it is raised."""
    before = quarter_begun(today) - timedelta(days=6)  # of a week that reaches into the quarter nothing is counted
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    total = 0
    for letter in letters:
        if letter.content.kind != REPORT or letter.week >= before:
            continue
        total += 1
        for name in COUNTED:
            value = letter.content.said.get(name)
            counts[name].update({str(one) for one in (value if isinstance(value, list) else [value]) if one})
    table: list[Sequence[str]] = [(_("Question"), _("Answer"), _("At least"), _("Raised under, as a suggestion"))]
    table.append((_("All notes"), "", _shown(total), ""))
    for name in COUNTED:
        for value, word in _words(name):
            raised = TREATIES.get(value, "") if name == "what" else ""
            table.append((str(labels.QUESTIONS[name]), word, _shown(counts[name][value]), raised))
    return table


def _words(name: str) -> list[tuple[str, str]]:
    if name == "region":
        return [(code, region[language_now()]) for code, region in labels.REGIONS.items()]
    known = {"what": labels.WHAT, "when": labels.WHEN, "who": labels.WHO, "evidence": labels.EVIDENCE}[name]
    return [(value, str(word)) for value, word in known.items()]


def _shown(n: int) -> str:
    return str(in_steps(n) or "")

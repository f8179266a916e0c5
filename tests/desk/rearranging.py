"""The fields of a preview page, as a browser would send them back."""

import re
from html import unescape


def fields(page: str) -> dict[str, str]:
    """Hidden fields, and the radio that is ticked of each group; where the desk has to decide, the first."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    found |= dict(reversed(re.findall(r'<input type="radio" name="(v:[^"]+)" value="([^"]+)"', page)))
    found |= dict(re.findall(r'<input type="radio" name="(v:[^"]+)" value="([^"]+)" required checked', page))
    return {name: unescape(value) for name, value in found.items()}


def choose(page: str, answers: dict[int, str]) -> dict[str, str]:
    """The same with other answers for some tickets."""
    chosen = fields(page)
    for name in list(chosen):
        if name.startswith("v:") and int(name.rsplit(":", 1)[1]) in answers:
            chosen[name] = answers[int(name.rsplit(":", 1)[1])]
    return chosen

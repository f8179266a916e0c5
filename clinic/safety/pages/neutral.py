"""What may stand in a heading: whoever looks over a shoulder or through a history must learn nothing from it."""

import re

# As in the list of what is never on screen; the words may stand in the text, where she must know what is meant.
_NEVER = re.compile(
    r"вич|спид|аитв|жқтб|житс|\bhiv\b|\baids\b|\boiv\b|\bоив\b|ипп|жжжи|\bsti\b|секс|\bsex|prep|сифилис|мерез|syphilis|"
    r"гепатит|hepatit|клиник|clinic|проститу|жезөкше|fohisha|фоҳиша|\bклиент|\bclient|тұтынушы|вебкам|webcam|\b449\b",
    re.IGNORECASE,
)

# What a place is called, and what is said at its door, may name a clinic, but nobody's illness.
_NEVER_SAID = re.compile(
    r"\bвич\b|спид|аитв|жқтб|житс|\bhiv\b|\baids\b|\boiv\b|\bоив\b|\bиппп?\b|жжжи|\bsti\b|секс|\bsex|\bprep\b|"
    r"сифилис|мерез|syphilis|гепатит|hepatit|проститу|жезөкше|fohisha|фоҳиша",
    re.IGNORECASE,
)


def telling(heading: str) -> str:
    """The first word in a heading that tells too much; "" when it is fit to be read by anybody."""
    found = _NEVER.search(heading)
    return found[0] if found else ""


def told_aloud(words: str) -> str:
    """The first word in a name of a place or a phrase for its door that tells too much; "" when there is none."""
    found = _NEVER_SAID.search(words)
    return found[0] if found else ""

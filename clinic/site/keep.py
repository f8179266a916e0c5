"""What we keep: written from the declarations that stand beside the columns.

`REASONS` says in words what each declared thing is, how it is protected and when it goes. A word that
a column declares and that is missing here makes the page (and a test) fail: nothing is kept in silence.
"""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import MetaData

from clinic.privacy import policy


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is kept: its name and the sentence about it."""

    name: Any
    sentence: Any


NEVER = (
    Row(_l("Name, ID number, documents, home address"), _l("We do not ask.")),
    Row(
        _l("Where you searched"),
        _l("We do not keep it. Searches that find no free time are counted by town or district, roughly; not whose."),
    ),
)

REASONS: dict[str, Row] = {
    "visit": Row(
        _l("Time and place of a visit"),
        _l(
            "Whoever seizes the running server sees those that are still ahead. "
            "At the second midnight after the visit only rounded numbers of visits remain."
        ),
    ),
    "ticket": Row(_l("The ticket"), _l("A word and a number for that day. It goes with the visit.")),
    "order": Row(
        _l("Where and until when tests are set aside for you"),
        _l(
            "It goes on the day after the last one, or three weeks after you took them. "
            "The word or number for a parcel is encrypted. "
            "Five minutes after you took them the stock book no longer leads to you."
        ),
    ),
    "kit": Row(
        _l("Which tests, how many and from which box"),
        _l("It goes with the order, so that until then we can warn you when a box is recalled."),
    ),
    "seat": Row(
        _l("A seat at a class, or your place in its line"),
        _l("Until the day after the class. Then only a count of those who came remains, without anybody's trace."),
    ),
    "wish": Row(
        _l("Where and on which days you wait for a free time"),
        _l(
            "What for, at what hours and whether by SMS is encrypted. It goes when you book, or the day after the last."
        ),
    ),
    "referral": Row(
        _l("A one-time code with which one organization sent you to another"),
        _l("Who, where to and for what opens only with the code. It goes when it is used, or after its last day."),
    ),
    "services": Row(
        _l("What the visit is for"),
        _l("Encrypted, but the running server can open it until the visit is forgotten."),
    ),
    "line": Row(
        _l("A line you wrote about a visit, if you wrote one"),
        _l(
            "Encrypted; the coordinator of the place reads it from the next Monday on. "
            "It knows the place and the week, nothing else, and goes within 30 days."
        ),
    ),
    "phone": Row(
        _l("A phone number, only if you asked for SMS"),
        _l("Encrypted, but the running server can open it until it is erased, with the visit."),
    ),
    "message": Row(
        _l("The text of an SMS, when it is due, whether it arrived"),
        _l("The text is encrypted. All of it goes with the visit."),
    ),
    "code": Row(_l("Your code"), _l("Only a fingerprint of it: the code itself we do not know.")),
    "pass": Row(_l("What ties your visits and messages together"), _l("A random number, until the last of them goes.")),
    "language": Row(_l("The language of your messages"), _l("It goes with the code.")),
    "cover": Row(_l("The words you chose for SMS"), _l("Encrypted. They go with the code.")),
    "awaited": Row(
        _l("That something is ready for you at a place"),
        _l(
            "Not what. The day and number of the visit are encrypted. "
            "It is kept 45 days while it is awaited, and 30 days once it is ready."
        ),
    ),
    "shift_note": Row(
        _l("What one shift of a clinic writes down for the next"),
        _l("Encrypted, for three days. They are asked to name nobody."),
    ),
    "forget_day": Row(
        _l("The day on which all this is forgotten"),
        _l("On that day the key is destroyed, so that old copies can no longer be opened either."),
    ),
    "note": Row(
        _l("What you told the organization, and what it answered"),
        _l(
            "Sealed: this server cannot open it. It goes here once the organization has fetched it, "
            "answers at the latest 10 weeks after the last word."
        ),
    ),
    "note_week": Row(
        _l("In which week you wrote, and about how much"),
        _l("Nothing more exact. It goes 10 weeks after the last word."),
    ),
    "alert": Row(
        _l("That a signal was given, when, and who took it"),
        _l("It goes 24 hours after the signal. Nothing says who gave it."),
    ),
    "alert_body": Row(
        _l("What you wrote under a signal or a check-in"),
        _l(
            "Encrypted; the running server can open it. Only whoever took the signal reads it. It goes 24 hours "
            "after the signal, with your check-in when you end it, and old copies can no longer be opened from the "
            "midnight after that."
        ),
    ),
    "alert_network": Row(
        _l("Whether two signals came from one network, so that many false ones hide no true one"),
        _l("A short hash that many networks share. No address. It goes when you stop the signal, or with it."),
    ),
    "check_in": Row(_l("Until when a check-in runs"), _l("It goes when you end it, or with its signal.")),
    "once": Row(
        _l("The answer to a form you sent, in case it is sent twice"),
        _l(
            "Encrypted, as long as what came of it stands, at least two hours; "
            "for 24 hours when a partner's program sent it."
        ),
    ),
}

OTHERS = (
    Row(_l("The mobile operator"), _l("Number, sender and time of an SMS. We cannot erase that.")),
    Row(
        _l("The SMS company, abroad"),
        _l("The same and the text. We ask it to erase them after delivery; it may keep the number up to 120 days."),
    ),
    Row(
        _l("Your phone"),
        _l("Browser history, SMS and screenshots stay until you delete them."),
    ),
    Row(_l("Whoever gives you internet"), _l("Sees that you opened this site.")),
    Row(_l("The clinic"), _l("Keeps its own papers. What it wrote there, it knows.")),
)


def rows(metadata: MetaData) -> list[Row]:
    """What this software keeps, one row for each thing that some column declares.

    Raises KeyError when a declared thing has no sentence here.
    """
    said = {keep.what for keep in policy.declared(metadata).values()}
    for word in sorted(said - REASONS.keys()):
        raise KeyError(f"{word} is kept, but clinic/site/keep.py does not say why")
    return [*NEVER, *(row for word, row in REASONS.items() if word in said)]

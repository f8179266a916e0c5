"""What the provider's error codes are about: this text, this number, or our account and sender.

A table and nothing else, since what follows from each kind differs so much:

- the **text** (or a cause that nobody knows): this one message has failed, the desk sees it;
- the **number**: it has failed, and so will every other to the same number: none is put any more, and
  what waits is taken back. She and the desk read that none will come;
- the **account** or the sender: nothing is wrong with any message. The queue stops, what is due waits, the
  log, `flask ready` and the desk say so, and it goes on by itself once it is mended;
- **later**: surely not taken, worth another try.

The meanings are those of twilio.com/docs/api/errors. A code that is not listed is about the text.
"""

TEXT, NUMBER, ACCOUNT, LATER = "text", "number", "account", "later"

CODES: dict[str, dict[int, str]] = {
    ACCOUNT: {
        20003: "authentication failed",
        20005: "the account is not active",
        20006: "the account may not do this",
        20008: "test credentials",
        20404: "there is no such account or service",
        21210: "the sender is not verified",
        21212: "the sender is invalid",
        21267: "the sender's name cannot be used for this",
        21401: "the sender is not valid",
        21408: "no permission to send to this country",
        21601: "the sender is no number of ours",
        21603: "no sender was given",
        21606: "the sender may not send there",
        21609: "the address for receipts is invalid",
        21612: "this sender does not reach this number",
        21657: "the sender is invalid",
        21659: "the sender is no number of the provider",
        21660: "the sender belongs to another account",
        21661: "the sender takes no SMS",
        21701: "there is no such messaging service",
        21703: "the messaging service has no sender",
        21705: "the messaging service is not valid",
        21711: "the sender is not of this messaging service",
        30002: "the account is suspended",
        30010: "the price exceeds the highest allowed",
        30032: "the sender is not verified",
        30034: "the sender is not registered",
        30041: "the sender's name has to be registered",
        30042: "the sender's name is barred as too general",
        60728: "the account's limit of an hour is reached",
        63038: "the account's limit of a day is reached",
        90010: "the account is not active",
    },
    NUMBER: {
        21211: "the number is invalid",
        21214: "the number cannot be reached",
        21217: "the number does not seem valid",
        21219: "the number is not verified",
        21265: "the number is a short code",
        21268: "the number is an information service",
        21421: "the number is invalid",
        21604: "no number was given",
        21610: "the number has refused our messages",
        21614: "it is no mobile number",
        21635: "it is a land line",
        30003: "the telephone cannot be reached",
        30004: "the number refuses the message",
        30005: "the number does not exist",
        30006: "it is a land line, or cannot be reached",
    },
    LATER: {
        20429: "too many at once",
        21611: "the sender's queue is full",
        30001: "the queue is full",
    },
    TEXT: {
        14107: "too many of the same",
        21602: "the text is missing",
        21605: "the text is too long",
        21617: "the text is too long",
        21619: "the text is missing",
        30007: "the text was filtered",
        30008: "nobody knows why",
        30019: "the text is too large",
        30036: "it was under way for too long",
        30410: "the network did not answer in time",
    },
}
_KIND = {str(code): kind for kind, codes in CODES.items() for code in codes}

# Mostly the sender's trouble, but a single number can cause it too: such a number alone must stop nobody.
PAIR = ("21612",)


def about(error: str) -> str:
    """TEXT, NUMBER, ACCOUNT or LATER for an error code as it is kept with a message."""
    return _KIND.get(error, TEXT)

"""Whether a password would be guessed: by a list of what people choose, or by who knows her login and place."""

from collections.abc import Sequence

ENOUGH = 3  # of zxcvbn's 0 to 4: more than 10^8 guesses
LOOKED_AT = 72  # signs: a longer one is strong by its length, and the look at it would be slow
OURS = (
    "keshki", "кешкі", "кешки", "kazakhstan", "qazaqstan", "казахстан", "қазақстан", "almaty", "алматы", "astana",
    "астана", "shymkent", "шымкент", "пароль", "құпия", "любовь", "привет", "қазақ",
)  # fmt: skip
SAME_KEYS = str.maketrans("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm")  # a Russian keyboard's rows


def is_guessable(password: str, known: Sequence[str] = ()) -> bool:
    """Whether a password is too easy; `known` are words that stand beside the account: login, name, place."""
    from zxcvbn import zxcvbn  # its lists take memory: loaded when somebody chooses a password, no sooner

    words = [part for word in (*known, *OURS) for part in (word, *word.split()) if len(part) > 2]
    looked_at = password[:LOOKED_AT].casefold()
    ways = {looked_at, looked_at.translate(SAME_KEYS)}
    return not password.strip() or any(int(zxcvbn(way, user_inputs=words)["score"]) < ENOUGH for way in ways)

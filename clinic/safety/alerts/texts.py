"""What a telephone of somebody on duty shows and says: a word and a number, nothing of whom it is about."""

from clinic.wording import gettext, speaking


def call(language: str, count: int) -> str:
    """The SMS that calls: "Дежурство: 2", the number of signals that nobody has taken."""
    with speaking(language):
        return gettext("Duty: %(count)s", count=count)


def test(language: str, number: str) -> str:
    """The SMS that proves the chain: "Дежурство, проверка: 4821"."""
    with speaking(language):
        return gettext("Duty, test: %(number)s", number=number)


def spoken(language: str) -> str:
    """What a voice call says, twice; in Russian for Kazakh, which the provider's voices do not speak."""
    with speaking(_voiced(language)):
        return gettext("Duty. To take it, press one.")


def spoken_taken(language: str, taken: bool) -> str:
    """What a voice call says after the key: taken by her, or somebody was faster."""
    with speaking(_voiced(language)):
        return gettext("Taken. Please open the page.") if taken else gettext("Nothing waits any more.")


def _voiced(language: str) -> str:
    return "ru" if language == "kk" else language

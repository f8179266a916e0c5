"""The demo's made-up organization: its keys lie beside the demo's own, secret halves included."""

from dataclasses import replace
from datetime import timedelta

from clinic import clock
from clinic.config import Settings
from clinic.db import Text3
from clinic.safety.reports import key_list, secret_keys
from clinic.safety.reports.key_list import FILE, KeyList

ORGANIZATION = "shamshyraq"
NAME = Text3("«Шамшырақ» қоры (мысал)", "Фонд «Шамшырақ» (пример)", "Shamshyraq foundation (example)")
FOLDER = "notes"  # in the folder of keys
PASSPHRASE = "demo"  # noqa: S105 - of keys that protect nobody
VERIFY = "verify.txt"


def provided(settings: Settings) -> Settings:
    """The settings with a key of the demo's own, where the demo was given none."""
    if not settings.demo or settings.report_key is not None:
        return settings
    folder = settings.keys / FOLDER
    if not (folder / VERIFY).exists():
        signing = secret_keys.make_signing(folder, PASSPHRASE, secret_keys.WEAK)
        public = secret_keys.make_box(folder, PASSPHRASE, secret_keys.WEAK)
        until = clock.today() + timedelta(days=3650)
        listed = KeyList(ORGANIZATION, NAME, until, (public,))
        (settings.keys / FILE).write_text(key_list.signed(signing, listed), encoding="utf-8")
        (folder / VERIFY).write_text(bytes(signing.verify_key).hex())
    return replace(settings, report_key=(folder / VERIFY).read_text().strip())

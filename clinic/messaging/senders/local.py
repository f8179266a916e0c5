"""The demo's sender: nothing leaves the machine; what would have gone out is shown at /dev/outbox."""

import json
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from clinic import clock
from clinic.messaging.senders import Accepted, Copy, Outcome, Outgoing

FILE = "outbox.jsonl"


class LocalSender:
    """Writes each message as a line of JSON beside the demo's database."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def send(self, message: Outgoing) -> Outcome:
        line = {
            "sid": "LOCAL" + token_hex(14),
            "at": clock.now().isoformat(),
            "to": message.to,
            "body": message.body,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return Accepted(line["sid"])

    def sent_since(self, moment: datetime) -> list[Copy]:
        return [copy for copy in self.shown() if copy.created_at >= moment]

    def status(self, sid: str) -> tuple[str, str]:
        return ("delivered", "") if any(copy.sid == sid for copy in self.shown()) else ("", "")

    def erase(self, sid: str) -> None:
        """Nothing: the outbox page is all the demo has to show, and its numbers are made up."""

    def shown(self) -> list[Copy]:
        """Everything that went out, oldest first."""
        if not self._path.exists():
            return []
        lines = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines() if line]
        return [
            Copy(line["sid"], line["to"], line["body"], datetime.fromisoformat(line["at"]), "delivered", "")
            for line in lines
        ]

"""The tour itself: four stories, each with a person of its own, and a note of whatever did not happen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final, TypeVar

from septet.demo.esme import Esme
from septet.demo.peers import Api, CarrierControl
from septet.demo.stage import CONFIRMED, NUMBER, OPTED_IN, OPTED_OUT, VOUCHER
from septet.errors import SeptetError

T = TypeVar("T")
Say = Callable[[str], None]

FINAL: Final = frozenset(
    {"delivered", "undeliverable", "expired", "rejected", "failed", "cancelled", "blocked", "unknown"}
)

_BY_RECEIPT: Final = frozenset({"delivered", "undeliverable", "expired", "rejected"})
"""What a receipt makes of a message."""

REMINDER = "Your appointment is tomorrow at 9:30. Reply YES to confirm."
OFFER = "Our summer sale is on! Reply STOP to opt out."
NEWS = "Good to have you back. Here is what is new this week."
LONG = (
    "Привет! 👋 Your trip to Yalta is booked: 12 июня, поезд 28, вагон 7, места 3 и 4. "
    "Please be at the station by 8:15 ⏰ and bring your passports. "
    "Погода отличная: +26 °C, море тёплое 🌊☀️. Счастливого пути! 🧳🚆"
)

_PAUSE = 0.05
_PATIENCE = 10.0
"""How long one thing may take [s], so that a single missing one leaves time for the rest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message of the tour.

    `status` is the node's, or `refused`; `receipt` the state the carrier's receipt led to, or None; `seconds` from
    sending it to its last state.
    """

    step: str
    via: str
    sender: str
    to: str
    text: str
    segments: int
    status: str
    receipt: str | None
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What happened, and in one line each what should have and did not."""

    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything sent was delivered and every reply handled."""
        return not self.missing


def tour(
    api: Api,
    carriers: Sequence[CarrierControl],
    esme: Esme,
    deadline: float,
    say: Say = lambda _line: None,
) -> Outcome:
    """Plays every story until `deadline` (of `time.monotonic`); persons write through the first carrier."""
    return _Tour(api, carriers, esme, deadline, say).play()


class _Tour:
    def __init__(self, api: Api, carriers: Sequence[CarrierControl], esme: Esme, deadline: float, say: Say) -> None:
        self._api = api
        self._carriers = carriers
        self._esme = esme
        self._deadline = deadline
        self._say = say
        self._step = ""
        self._outcome = Outcome()
        self._seen: set[str] = set()

    def play(self) -> Outcome:
        stories: tuple[tuple[str, str, Callable[[str], None]], ...] = (
            ("reminder", "An appointment reminder, and the answer YES", self._reminder),
            ("voucher", "Somebody asks for a voucher", self._voucher),
            ("opt-out", "Somebody has had enough: STOP, and later START", self._opt_out),
            ("long text", "A long text with Cyrillic and emoji", self._long_text),
        )
        for place, (name, title, story) in enumerate(stories, 1):
            self._step = name
            if time.monotonic() >= self._deadline:
                self._miss("not played, the time was over")
                continue
            self._say(f"{place}. {title}")
            try:
                story(f"4670100000{place}")
            except (OSError, HTTPException, SeptetError) as error:
                self._miss(f"broken off: {error}")
        return self._outcome

    # --- the stories

    def _reminder(self, person: str) -> None:
        sent = self._send(person, REMINDER)
        self._settle(sent, person)
        self._person(person, "YES")
        self._answered(person, CONFIRMED)

    def _voucher(self, person: str) -> None:
        self._person(person, "voucher please!")
        self._answered(person, VOUCHER)

    def _opt_out(self, person: str) -> None:
        self._person(person, "STOP")
        self._answered(person, OPTED_OUT)
        # Saying it again is handled too, but gets no second confirmation: counted below.
        self._person(person, "Stop")
        self._refused_over_http(person, OFFER)
        self._refused_over_smpp(person, OFFER)
        self._person(person, "START")
        self._answered(person, OPTED_IN)
        # Whatever was wrongly sent to the person would have come before the answer to START.
        self._count(person, OPTED_OUT, 1, "confirmation of the opt-out")
        self._submit(person, NEWS)
        self._count(person, OFFER, 0, "message that was refused")

    def _long_text(self, person: str) -> None:
        sent = self._send(person, LONG)
        self._settle(sent, person)

    # --- what is done

    def _send(self, person: str, text: str) -> tuple[str, float]:
        """Over HTTP; gives the id, empty if it was refused, and when."""
        begun = time.monotonic()
        answer = self._api.send(NUMBER, person, text)
        self._arrow(NUMBER, person, text, "over HTTP")
        if answer.status != 202:
            self._miss(f"{NUMBER} → {person}: refused with {answer.status} {_code(answer.body)}")
            self._row("HTTP", NUMBER, person, text, begun, status="refused")
            return "", begun
        return answer.body["id"], begun

    def _submit(self, person: str, text: str) -> None:
        """Over SMPP, up to the receipt in the client's own session."""
        begun = time.monotonic()
        status, id = self._esme.submit(NUMBER, person, text)
        self._arrow(NUMBER, person, text, "over SMPP")
        if status:
            self._miss(f"{NUMBER} → {person}: refused over SMPP with 0x{status:08X}")
            self._row("SMPP", NUMBER, person, text, begun, status="refused")
            return
        self._settle((id, begun), person, via="SMPP")
        stat = self._wait(lambda: self._esme.receipt(id))
        if stat is None:
            self._miss(f"{NUMBER} → {person}: no receipt came back over SMPP for message {id}")
        else:
            self._say(f"     receipt over SMPP for the same message_id: stat:{stat}")

    def _person(self, person: str, text: str) -> None:
        """A person writes; done once the node has handed it to the customer."""
        begun = time.monotonic()
        before = self._esme.was_handed(person, text)
        self._carriers[0].write(person, NUMBER, text)
        self._arrow(person, NUMBER, text, "from a phone")

        def handled() -> dict[str, Any] | None:
            found = self._api.messages(**{"from": person, "direction": "mo"})
            mine = (m for m in found if m["id"] not in self._seen and m.get("text") == text)
            return next((m for m in mine if m["status"] == "handed_over"), None)

        message = self._wait(handled)
        if message is None:
            self._miss(f"{person} → {NUMBER} {text!r}: not handed over")
            self._row("phone", person, NUMBER, text, begun, status="missing")
            return
        self._seen.add(message["id"])
        self._row("phone", person, NUMBER, text, begun, status=message["status"], segments=message["segments"])
        if self._esme.was_handed(person, text) == before + 1:
            self._say("     handed over to the customer's SMPP client")
        else:
            self._miss(f"{person} → {NUMBER} {text!r}: the SMPP client does not have it once")

    def _answered(self, person: str, text: str) -> None:
        """The node answers with this text by itself."""
        begun = time.monotonic()

        def reply() -> str | None:
            found = self._api.messages(to=person, direction="mt")
            return next((m["id"] for m in found if m["id"] not in self._seen and m.get("text") == text), None)

        id = self._wait(reply)
        if id is None:
            self._miss(f"{NUMBER} → {person}: no answer {_short(text)!r}")
            self._row("node", NUMBER, person, text, begun, status="missing")
            return
        self._arrow(NUMBER, person, text, "the node's reply")
        self._settle((id, begun), person, via="node")

    def _settle(self, sent: tuple[str, float], person: str, *, via: str = "HTTP") -> None:
        """Waits for the final status and looks whether the whole text is on the phone."""
        id, begun = sent
        if not id:
            return
        self._seen.add(id)
        message = self._wait(lambda: self._final(id)) or self._api.message(id)
        text, segments = message.get("text", ""), message.get("segments", 0)
        status = message.get("status", "missing")
        receipt = status if status in _BY_RECEIPT else None
        self._row(via, NUMBER, person, text, begun, status, segments, receipt)
        if status != "delivered":
            why = f" (error {message['error']})" if message.get("error") else ""
            self._miss(f"{NUMBER} → {person} {_short(text)!r}: {status}{why}, not delivered")
            return
        whole = self._wait(lambda: next((m for m in self._received(person) if m["text"] == text), None))
        if whole is None or whole["parts"] != segments:
            self._miss(f"{NUMBER} → {person} {_short(text)!r}: did not arrive whole in {segments} segments")
            return
        parts = "" if segments == 1 else f" in {segments} segments, joined and compared"
        self._say(f"     on the phone{parts}; receipt: delivered")

    def _final(self, id: str) -> dict[str, Any] | None:
        message = self._api.message(id)
        return message if message.get("status") in FINAL else None

    def _refused_over_http(self, person: str, text: str) -> None:
        begun = time.monotonic()
        status, body = self._api.send(NUMBER, person, text)
        self._arrow(NUMBER, person, text, "over HTTP")
        code = _code(body)
        self._row("HTTP", NUMBER, person, text, begun, status="refused" if status >= 400 else "accepted")
        if (status, code) == (403, "recipient_opted_out"):
            self._say("     refused, as it must be: 403 recipient_opted_out")
        else:
            self._miss(f"{NUMBER} → {person}: {status} {code} instead of 403 recipient_opted_out")

    def _refused_over_smpp(self, person: str, text: str) -> None:
        begun = time.monotonic()
        status, _id = self._esme.submit(NUMBER, person, text)
        self._arrow(NUMBER, person, text, "over SMPP")
        self._row("SMPP", NUMBER, person, text, begun, status="refused" if status else "accepted")
        if status == 0x400:
            self._say("     refused, as it must be: command_status 0x00000400")
        else:
            self._miss(f"{NUMBER} → {person}: submit_sm_resp 0x{status:08X} instead of 0x00000400")

    def _count(self, person: str, text: str, wanted: int, what: str) -> None:
        found = sum(message["text"] == text for message in self._received(person))
        if found != wanted:
            self._miss(f"{NUMBER} → {person}: {what} arrived {found} times, not {wanted}")
        elif wanted:
            self._say(f"     exactly one {what} arrived")

    # --- notes

    def _received(self, person: str) -> list[dict[str, Any]]:
        return [message for carrier in self._carriers for message in carrier.received(person)]

    def _wait(self, probe: Callable[[], T | None]) -> T | None:
        """The first answer of `probe`, or None if patience or the tour's time ends before."""
        until = min(time.monotonic() + _PATIENCE, self._deadline)
        while (found := probe()) is None:
            if time.monotonic() >= until:
                return None
            time.sleep(_PAUSE)
        return found

    def _arrow(self, sender: str, to: str, text: str, how: str) -> None:
        self._say(f"   {sender} → {to}  “{_short(text)}”  {how}")

    def _row(
        self,
        via: str,
        sender: str,
        to: str,
        text: str,
        begun: float,
        status: str,
        segments: int = 0,
        receipt: str | None = None,
    ) -> None:
        seconds = round(time.monotonic() - begun, 3)
        self._outcome.rows.append(Row(self._step, via, sender, to, text, segments, status, receipt, seconds))

    def _miss(self, what: str) -> None:
        self._outcome.missing.append(f"{self._step}: {what}")
        self._say(f"     MISSING: {what}")


def _code(body: Any) -> str:
    return str(body.get("code", "")) if isinstance(body, dict) else ""


def _short(text: str, most: int = 34) -> str:
    """The text, or its beginning.

    >>> _short("A text of some length", 10)
    'A text of…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"

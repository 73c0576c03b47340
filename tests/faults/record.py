"""What was acknowledged to us, and what came to us: the checker that every fault test ends with.

Every message carries a token of its own in each of its parts, so that what arrives is known without asking the node.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

TOKEN = re.compile(r"[a-z][0-9]{7}")


def token_of(text: str) -> str | None:
    """The first token in a text."""
    found = TOKEN.search(text)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Bounds:
    """The windows in flight: how much one crash may send twice."""

    submits: int
    receipts: int
    inbound: int


@dataclass
class Record:
    """Kept by the test's own side of every connection; `problems` compares both halves."""

    # What was acknowledged to us.
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """MT token → the ids of its acknowledgements."""
    given: set[str] = field(default_factory=set)
    """MO tokens of which the node has acknowledged every part."""
    stopped: set[tuple[str, str]] = field(default_factory=set)
    """(number, person) of an acknowledged STOP."""
    receipted: set[str] = field(default_factory=set)
    """MT tokens of which the node has acknowledged a receipt."""

    # What came to us.
    parts: dict[str, Counter[tuple[str, int, int, int]]] = field(default_factory=lambda: defaultdict(Counter))
    """MT token → (carrier, reference, total, number) → how often."""
    whole: dict[str, str] = field(default_factory=dict)
    """MT token → its text, where it was offered long."""
    texts: dict[tuple[str, int], dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """(token, reference) of a long MT → the texts of its parts."""
    news: Counter[str] = field(default_factory=Counter)
    """MT token → final receipts, or events that say the same."""
    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """MT token → the ids of the messages that the events were about."""
    inbound: Counter[str] = field(default_factory=Counter)
    """MO token → how often it came whole."""
    confirmed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(number, person) → confirmations; one may come before the STOP is acknowledged, if a kill comes between."""
    optouts: set[tuple[str, str]] = field(default_factory=set)
    """(number, person) of the opt-outs that somebody was told of."""

    # What must never be.
    forbidden: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    events: int = 0
    _last: dict[tuple[str, str], str] = field(default_factory=dict)

    begun: dict[str, float] = field(default_factory=dict)
    """MT token → when it was offered, for some."""
    waits: list[tuple[float, float]] = field(default_factory=list)
    """When one of those arrived, and how long after [s]."""

    def arrived(self, carrier: str, pair: tuple[str, str], text: str, concat: tuple[int, int, int]) -> None:
        """A submit_sm at a carrier; `concat` is reference, total and number, or (0, 1, 1)."""
        self.events += 1
        token = token_of(text)
        if token is None:
            self.confirmed[pair] += 1
            return
        if pair in self.stopped:
            self.forbidden.append(f"{token} from {pair[0]} to {pair[1]}")
        seen = self.parts[token]
        if not seen:
            if token in self.begun:
                now = time.monotonic()
                self.waits.append((now, now - self.begun.pop(token)))
            # Tokens of one sender to one destination are given in order.
            if self._last.get(pair, "") > token:
                self.disorder.append(f"{token} after {self._last[pair]} to {pair[1]}")
            self._last[pair] = max(token, self._last.get(pair, ""))
        seen[carrier, *concat] += 1
        if token in self.whole:
            self.texts[token, concat[0]][concat[2]] = text

    def lost(self) -> dict[str, list[str]]:
        """What was acknowledged and has not come; empty where nothing is lost."""
        left = {
            "messages": [t for t in self.acknowledged if not self._complete(t) and not self.news[t]],
            "receipts": [t for t in {*self.acknowledged, *self.parts, *self.receipted} if not self.news[t]],
            "inbound": [t for t in self.given if not self.inbound[t]],
            "confirmations": [f"{n} {p}" for n, p in self.stopped if not self.confirmed[n, p]],
            "opt-outs": [f"{n} {p}" for n, p in self.stopped if (n, p) not in self.optouts],
        }
        return {name: sorted(tokens) for name, tokens in left.items() if tokens}

    def _complete(self, token: str) -> bool:
        numbers: dict[tuple[str, int], set[int]] = defaultdict(set)
        totals: dict[tuple[str, int], int] = {}
        for carrier, reference, total, number in self.parts.get(token, ()):
            numbers[carrier, reference].add(number)
            totals[carrier, reference] = total
        if not any(len(found) == totals[key] for key, found in numbers.items()):
            return False
        if token not in self.whole:
            return True
        sets = [self.texts[token, reference] for _, reference, _, _ in self.parts[token]]
        return any("".join(text for _, text in sorted(texts.items())) == self.whole[token] for texts in sets)

    def twice(self) -> dict[str, int]:
        """How much came more than once."""
        return {
            "submits": sum(times - 1 for seen in self.parts.values() for times in seen.values()),
            "receipts": sum(times - 1 for times in self.news.values() if times),
            "inbound": sum(times - 1 for times in self.inbound.values() if times),
        }

    def problems(self, kills: int, bounds: Bounds, *, one_reference: bool = True) -> list[str]:
        """Every broken promise, a line each."""
        found = [f"lost {name}: {len(tokens)}: {tokens[:5]}" for name, tokens in self.lost().items()]
        twice = self.twice()
        for name, most in (
            ("submits", bounds.submits),
            ("receipts", bounds.receipts),
            ("inbound", bounds.inbound),
        ):
            if twice[name] > kills * most:
                found.append(f"{twice[name]} {name} came twice, at most {kills} x {most} may")
        for (number, person), seen in self.confirmed.items():
            # One is promised, and a crash while it is in flight may send it once more.
            if seen > 1 + kills:
                found.append(f"{seen} confirmations of an opt-out from {number} to {person}")
        if one_reference:
            references = {t: {(c, r) for c, r, _, _ in seen} for t, seen in self.parts.items()}
            several = [t for t, names in references.items() if len(names) > 1]
            found += [f"several references: {several[:5]}"] if several else []
        accepted_twice = [t for t, ids in self.named.items() if len(ids) > 1]
        found += [f"accepted twice: {accepted_twice[:5]}"] if accepted_twice else []
        for name in ("forbidden", "disorder", "damaged"):
            lines = getattr(self, name)
            found += [f"{name}: {len(lines)}: {lines[:5]}"] if lines else []
        return found

    def figures(self) -> dict[str, int]:
        """How much there was of everything."""
        return {
            "acknowledged": len(self.acknowledged),
            "receipts": len(self.receipted),
            "inbound": len(self.given),
            "opt-outs": len(self.stopped),
            **{f"twice {name}": count for name, count in self.twice().items()},
        }

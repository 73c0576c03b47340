"""The engine's view of a message as the API and webhooks show it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from septet.node.causes import Causes


def moment(milliseconds: int) -> str:
    """RFC 3339 in UTC.

    >>> moment(1_700_000_000_123)
    '2023-11-14T22:13:20.123Z'
    """
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def listed(view: dict[str, Any], causes: Causes) -> dict[str, Any]:
    """A message without its events; what it does not have is left out."""
    shown: dict[str, Any] = {
        "id": view["id"],
        "direction": view["direction"],
        "account": view["account"],
        "from": view["from"],
        "to": view["to"],
        "status": view["status"],
        "created_at": moment(view["created"]),
        "updated_at": moment(view["updated"]),
        "encoding": view["encoding"],
        "segments": view["segments"],
    }
    if view["text"] is not None:
        shown["text"] = view["text"]
    for name in ("data", "carrier", "client_ref", "params", "tags", "keyword"):
        if view[name]:
            shown[name] = view[name]
    if view["error"]:
        shown["error"] = str(view["error"])
    if cause := causes.of(view):
        shown["cause"] = cause
    if view["incomplete"]:
        shown["incomplete"] = True
    return shown


def detailed(view: dict[str, Any], causes: Causes) -> dict[str, Any]:
    """A message with its events, oldest first."""
    shown = listed(view, causes)
    begun = "accepted" if view["direction"] == "mt" else "received"
    events = [{"at": moment(view["created"]), "event": begun}]
    for at, status, part, code, receipt in view["events"]:
        event = {"at": moment(at), "event": status}
        details = [f"segment {part}"] if part else []
        details += [f"receipt {receipt}"] if receipt else []
        details += [f"error {code}"] if code else []
        if details:
            event["detail"] = ", ".join(details)
        events.append(event)
    if view["direction"] == "mo" and view["status"] != begun:
        events.append({"at": moment(view["updated"]), "event": view["status"]})
    shown["events"] = events
    return shown

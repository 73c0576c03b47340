"""A carrier's error codes, told in its own terms and in those that the configuration gives them."""

from __future__ import annotations

from typing import Any, Final

from septet.config import Config
from septet.config.quirks import ErrorCode

# SMPP 3.4 5.3.2.31.
_NETWORKS: Final = {1: "ansi-136", 2: "is-95", 3: "gsm"}


class Causes:
    """The tables `error_codes` of all carriers."""

    def __init__(self, config: Config) -> None:
        self._known: dict[tuple[str, str, str], ErrorCode] = {
            (carrier.id, code.in_, _plain(code.code)): code
            for carrier in config.carrier
            for code in carrier.quirks.error_codes
        }

    def of(self, view: dict[str, Any]) -> dict[str, Any]:
        """Why a message failed, or what its last receipt complains about; empty if there is nothing to tell."""
        cause: dict[str, Any] = {}
        places: list[tuple[str, str]] = []
        if view["err"]:
            cause["err"] = view["err"]
            places.append(("err", view["err"]))
        if view["network_error"] is not None:
            network, code = view["network_error"]
            cause |= {"network": _NETWORKS.get(network, str(network)), "network_error_code": code}
            places.append(("network_error_code", str(code)))
        if not places and view["error"]:
            # Without a receipt's word the error is a command_status, which people write in either base.
            places += [("command_status", str(view["error"])), ("command_status", f"0x{view['error']:x}")]
        for place, code in places:
            known = self._known.get((view["carrier"], place, _plain(code)))
            if known is not None:
                cause["name"] = known.name
                if known.text:
                    cause["text"] = known.text
                break
        return cause


def _plain(code: str) -> str:
    """A code without the zeros and the case that do not count.

    >>> _plain("0x00000401"), _plain("01B"), _plain("000")
    ('0x401', '1b', '0')
    """
    code = code.lower()
    if code.startswith("0x"):
        return "0x" + (code[2:].lstrip("0") or "0")
    return code.lstrip("0") or "0"

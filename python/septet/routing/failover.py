"""What a carrier's answer to a submit_sm means for the message: the table, and nothing else.

The classes are practice, not specification: SMPP 3.4 section 5.1.3 names the statuses, but does not say what to do.
A parameter that the carrier refuses is refused for ever; what may pass is tried again a few times; the rest follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Treatment = Literal["ok", "throttle", "retry", "permanent", "session"]
"""ok: accepted · throttle: pause the carrier, send the same message again · retry: again later, or by
another carrier, a few times · permanent: the message has failed · session: the bind is at fault: bind
again, then send the message again."""


TREATMENTS: Final[Mapping[int, Treatment]] = {
    0x00: "ok",  # ESME_ROK
    0x01: "permanent",  # ESME_RINVMSGLEN
    0x02: "permanent",  # ESME_RINVCMDLEN
    0x03: "permanent",  # ESME_RINVCMDID
    0x04: "session",  # ESME_RINVBNDSTS
    0x05: "session",  # ESME_RALYBND
    0x06: "permanent",  # ESME_RINVPRTFLG
    0x07: "permanent",  # ESME_RINVREGDLVFLG
    0x08: "retry",  # ESME_RSYSERR
    0x0A: "permanent",  # ESME_RINVSRCADR
    0x0B: "permanent",  # ESME_RINVDSTADR
    0x0C: "permanent",  # ESME_RINVMSGID
    0x0D: "session",  # ESME_RBINDFAIL
    0x0E: "session",  # ESME_RINVPASWD
    0x0F: "session",  # ESME_RINVSYSID
    0x11: "permanent",  # ESME_RCANCELFAIL
    0x13: "permanent",  # ESME_RREPLACEFAIL
    0x14: "throttle",  # ESME_RMSGQFUL
    0x15: "permanent",  # ESME_RINVSERTYP
    0x33: "permanent",  # ESME_RINVNUMDESTS
    0x34: "permanent",  # ESME_RINVDLNAME
    0x40: "permanent",  # ESME_RINVDESTFLAG
    0x42: "permanent",  # ESME_RINVSUBREP
    0x43: "permanent",  # ESME_RINVESMCLASS
    0x44: "permanent",  # ESME_RCNTSUBDL
    0x45: "retry",  # ESME_RSUBMITFAIL: some carriers use it for anything
    0x48: "permanent",  # ESME_RINVSRCTON
    0x49: "permanent",  # ESME_RINVSRCNPI
    0x50: "permanent",  # ESME_RINVDSTTON
    0x51: "permanent",  # ESME_RINVDSTNPI
    0x53: "permanent",  # ESME_RINVSYSTYP
    0x54: "permanent",  # ESME_RINVREPFLAG
    0x55: "permanent",  # ESME_RINVNUMMSGS
    0x58: "throttle",  # ESME_RTHROTTLED
    0x61: "permanent",  # ESME_RINVSCHED
    0x62: "permanent",  # ESME_RINVEXPIRY
    0x63: "permanent",  # ESME_RINVDFTMSGID
    0x64: "retry",  # ESME_RX_T_APPN
    0x65: "permanent",  # ESME_RX_P_APPN
    0x66: "permanent",  # ESME_RX_R_APPN
    0x67: "permanent",  # ESME_RQUERYFAIL
    0xC0: "permanent",  # ESME_RINVTLVSTREAM
    0xC1: "permanent",  # ESME_RTLVNOTALLWD
    0xC2: "permanent",  # ESME_RINVTLVLEN
    0xC3: "permanent",  # ESME_RMISSINGTLV
    0xC4: "permanent",  # ESME_RINVTLVVAL
    0xFE: "retry",  # ESME_RDELIVERYFAILURE
    0xFF: "retry",  # ESME_RUNKNOWNERR
    0x100: "permanent",  # ESME_RSERTYPUNAUTH
    0x101: "permanent",  # ESME_RPROHIBITED
    0x102: "retry",  # ESME_RSERTYPUNAVAIL
    0x103: "permanent",  # ESME_RSERTYPDENIED
    0x104: "permanent",  # ESME_RINVDCS
    0x105: "permanent",  # ESME_RINVSRCADDRSUBUNIT
    0x106: "permanent",  # ESME_RINVDSTADDRSUBUNIT
    **dict.fromkeys(range(0x107, 0x113), "permanent"),  # broadcast_sm
}


def treatment(status: int, overrides: Mapping[int, Treatment] | None = None) -> Treatment:
    """How to treat a status; one that no table knows, vendor specific or reserved, is tried again.

    >>> treatment(0x58), treatment(0x0B), treatment(0x412)
    ('throttle', 'permanent', 'retry')
    >>> treatment(0x412, {0x412: "permanent"})
    'permanent'
    """
    if overrides and status in overrides:
        return overrides[status]
    return TREATMENTS.get(status, "retry")

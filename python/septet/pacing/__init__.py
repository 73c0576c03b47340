"""How much may go when: ceilings of carriers, allowances of accounts, pauses between attempts. No clock, no I/O."""

from septet.pacing.allowance import Allowance
from septet.pacing.backoff import Backoff
from septet.pacing.ceiling import Ceiling

__all__ = ["Allowance", "Backoff", "Ceiling"]

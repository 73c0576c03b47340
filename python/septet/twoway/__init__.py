"""Inbound texts: whose they are, and what their words set off. No clock, no I/O."""

from septet.twoway.table import InboundTable, Inbox, Mode, Trigger, compile_inbound

__all__ = ["InboundTable", "Inbox", "Mode", "Trigger", "compile_inbound"]

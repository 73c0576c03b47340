"""A PDU in words, and words into a PDU: what `septet pdu` and `septet trace` show."""

from septet.dissector.building import build
from septet.dissector.description import describe, describe_bad
from septet.dissector.lines import full, summary

__all__ = ["build", "describe", "describe_bad", "full", "summary"]

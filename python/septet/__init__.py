"""Septet: a two-way SMS routing node."""

from septet import smpp
from septet._septet import Receipt, parse_receipt
from septet.errors import SeptetError

__all__ = ["Receipt", "SeptetError", "parse_receipt", "smpp"]
__version__ = "0.1.0"

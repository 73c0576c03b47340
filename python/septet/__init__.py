"""Septet: a two-way SMS routing node."""

from septet import smpp
from septet.errors import SeptetError
from septet.smpp import Receipt, parse_receipt

__all__ = ["Receipt", "SeptetError", "parse_receipt", "smpp"]
__version__ = "0.1.0"

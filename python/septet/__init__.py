"""Septet: a two-way SMS routing node."""

from septet.errors import SeptetError

__all__ = ["SeptetError"]
__version__ = "0.1.0"

"""An SMPP load: submits at a window or at a rate, and an account of every answer and every receipt."""

from septet.load.runner import Load, run

__all__ = ["Load", "run"]

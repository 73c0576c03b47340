"""The node: everything wired together, on one loop."""

from septet.node.node import Node
from septet.node.run import run

__all__ = ["Node", "run"]

"""Which carrier a message takes. No clock, no I/O."""

from septet.routing.table import Explanation, RouteTable, Rule, Step, compile_routes

__all__ = ["Explanation", "RouteTable", "Rule", "Step", "compile_routes"]

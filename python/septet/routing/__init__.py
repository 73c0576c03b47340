"""Which carrier a message takes, and what a carrier's answer means for it. No clock, no I/O."""

from septet.routing.failover import TREATMENTS, Treatment, treatment
from septet.routing.table import Explanation, RouteTable, Rule, Step, compile_routes

__all__ = [
    "TREATMENTS",
    "Explanation",
    "RouteTable",
    "Rule",
    "Step",
    "Treatment",
    "compile_routes",
    "treatment",
]

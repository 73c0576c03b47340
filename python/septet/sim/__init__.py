"""A simulated carrier: a process of its own that speaks real SMPP."""

from septet.sim.process import carrier_processes
from septet.sim.server import Simulator

__all__ = ["Simulator", "carrier_processes"]

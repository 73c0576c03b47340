"""Room for the file descriptors that a configuration may need."""

from __future__ import annotations

import resource

import structlog

from septet.config import Config

log = structlog.get_logger("septet.node")

# Listeners, the store, HTTP connections, webhooks.
_OTHERS = 1000


def needed(config: Config) -> int:
    """How many descriptors the node may have open at once."""
    return config.smpp.max_sessions + sum(carrier.binds for carrier in config.carrier) + _OTHERS


def make_room(config: Config) -> None:
    """Raises the process's soft limit as far as needed; says so where the hard limit is in the way.

    A shell's usual soft limit is 1024, which would be reached by connections long before `smpp.max_sessions` is.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = needed(config)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < most:
        log.warning(
            "node.few_descriptors", limit=allowed, needed=most, mend="raise the hard limit: LimitNOFILE, ulimit -Hn"
        )

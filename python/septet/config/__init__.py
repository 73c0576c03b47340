"""The configuration file: typed structures, and `load`, which reports everything that is wrong at once."""

from septet.config.file import load, parse
from septet.config.model import (
    Account,
    Carrier,
    Config,
    Http,
    Keyword,
    Metrics,
    Node,
    Number,
    OutbindTo,
    Route,
    Share,
    Smpp,
    Store,
    Webhook,
)
from septet.config.tls import CarrierTls, HttpTls, SmppTls
from septet.config.values import Listen, Network, Secret, SecretHash
from septet.errors import ConfigError, Problem

__all__ = [
    "Account",
    "Carrier",
    "CarrierTls",
    "Config",
    "ConfigError",
    "Http",
    "HttpTls",
    "Keyword",
    "Listen",
    "Metrics",
    "Network",
    "Node",
    "Number",
    "OutbindTo",
    "Problem",
    "Route",
    "Secret",
    "SecretHash",
    "Share",
    "Smpp",
    "SmppTls",
    "Store",
    "Webhook",
    "load",
    "parse",
]

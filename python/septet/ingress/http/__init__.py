"""The HTTP API: JSON in, problem documents out, on the router's own loop."""

from septet.ingress.http.problems import Problem, Refused, problem
from septet.ingress.http.server import HttpServer
from septet.ingress.http.service import Idempotency, Page, Principal, Query, Service

__all__ = [
    "HttpServer",
    "Idempotency",
    "Page",
    "Principal",
    "Problem",
    "Query",
    "Refused",
    "Service",
    "problem",
]

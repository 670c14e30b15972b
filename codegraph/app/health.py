"""Is it alive, is it ready, how is it doing. No label of a metric holds anything of a request."""

from __future__ import annotations

import time
from functools import cache

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector

from codegraph.app.requests import as_json, service


def register(app: Flask) -> None:
    """Add /healthz, /readyz and /metrics, and count every request."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    seconds = Histogram(
        "codegraph_request_seconds",
        "Time to answer, by route.",
        ["route"],
        buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1),
        registry=registry,
    )
    answers = Counter(
        "codegraph_answers", "Answers by route and status.", ["route", "status"], registry=registry
    )

    # Finding a metric by its labels costs more than counting: keep those that were found.
    @cache
    def seconds_of(route: str) -> Histogram:
        return seconds.labels(route)

    @cache
    def answers_of(route: str, status: int) -> Counter:
        return answers.labels(route, str(status))

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        now = time.perf_counter()
        seconds_of(route).observe(now - g.get("started", now))
        answers_of(route, response.status_code).inc()
        return response

    @app.get("/healthz")
    def healthz() -> Response:
        """Say that the process answers."""
        return as_json({"status": "ok"})

    @app.get("/readyz")
    def readyz() -> Response:
        """Say that the graph is loaded, and which edition."""
        concepts = service().concepts
        return as_json(
            {"status": "ready", "concepts": len(concepts), "edition": concepts.edition.name}
        )

    @app.get("/metrics")
    def metrics() -> Response:
        """Show the counters of this worker in Prometheus text form."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

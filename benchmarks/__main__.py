"""Start, memory and throughput of the whole program: `python -m benchmarks`.

Everything runs on this machine's loopback. The server is the real one, started as a user would.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.measure import percentile, table
from benchmarks.search import fresh_queries
from codegraph.service import CodeGraph

CODEGRAPH = str(Path(sys.executable).with_name("codegraph"))


def run(*args: str, cache: str) -> float:
    """Return how long a command takes, in seconds."""
    started = time.perf_counter()
    subprocess.run(
        [CODEGRAPH, *args],
        check=True,
        capture_output=True,
        env={**os.environ, "CODEGRAPH_CACHE": cache},
    )
    return time.perf_counter() - started


@contextmanager
def server(cache: str) -> Iterator[tuple[int, float, subprocess.Popen[bytes]]]:
    """Start the real server; yield its port, its seconds to the first answer, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [CODEGRAPH, "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "CODEGRAPH_CACHE": cache},
    )
    try:
        while True:
            try:
                ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/healthz")
                break
            except OSError:
                if time.perf_counter() - started > 60:
                    raise
                time.sleep(0.005)
        yield port, time.perf_counter() - started, process
    finally:
        process.terminate()
        process.wait(10)


def ask(connection: http.client.HTTPConnection, path: str) -> bytes:
    """Return the body of an answer; raises unless it is 200."""
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path}: {response.status}")
    return body


def latency(port: int, paths: list[str]) -> list[float]:
    """Return milliseconds per request on one kept-alive connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    took = []
    for path in paths:
        started = time.perf_counter_ns()
        ask(connection, path)
        took.append((time.perf_counter_ns() - started) / 1e6)
    return took


def memory(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of the worker, in MB (the largest of the process tree)."""
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return float(max(p.memory_info().rss for p in tree)) / 1e6


def throughput(port: int, path: str) -> str:
    """Return requests a second and p99 by wrk, where it is installed."""
    if shutil.which("wrk") is None:
        return "wrk is not installed"
    url = f"http://127.0.0.1:{port}{path}"
    out = subprocess.run(
        ["wrk", "-t1", "-c8", "-d5s", "--latency", url], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split() for line in out.splitlines()]
    rate = next(ln[1] for ln in lines if ln[:1] == ["Requests/sec:"])
    p99 = next(ln[1] for ln in lines if ln[:1] == ["99%"])
    return f"{rate} requests/s, p99 {p99}"


def main() -> None:
    """Measure everything and print one table."""
    rows: list[list[object]] = [["what", "measured"]]
    with tempfile.TemporaryDirectory() as cache:
        rows.append(["compile from nothing (s)", f"{run('build', cache=cache):.2f}"])
        shown = [run("show", "M79.631", cache=cache) for _ in range(7)]
        rows.append(["cold `codegraph show M79.631`, median of 7 (s)", f"{sorted(shown)[3]:.3f}"])
        starts = []
        for _ in range(2):
            with server(cache) as (_, first, _process):
                starts.append(first)
        with server(cache) as (port, first, process):
            starts.append(first)
            rows.append(
                ["server start to first answer, median of 3 (s)", f"{sorted(starts)[1]:.2f}"]
            )
            rows.append(["resident memory of the worker, fresh (MB)", f"{memory(process):.0f}"])
            time.sleep(8)  # plans of the walk are still being made in the background
            service = CodeGraph.open()
            tables = service.concepts.tables
            codes = [
                c for c, k in zip(tables.codes, tables.kinds, strict=True) if k == "subcategory"
            ]
            lookups = latency(port, [f"/api/v1/codes/icd10cm/{c}" for c in codes[::23]])
            rows.append(["code lookup, one connection, p50 / p99 (ms)", _both(lookups)])
            from urllib.parse import quote

            asked = [f"/api/v1/search?q={quote(q)}" for q in fresh_queries(service.concepts, 1500)]
            rows.append(["search, one connection, p50 / p99 (ms)", _both(latency(port, asked))])
            walks = [f"/api/v1/drilldown/icd10cm/{c}" for c in codes[::61]]
            rows.append(["walk, one connection, p50 / p99 (ms)", _both(latency(port, walks))])
            pages = latency(port, [f"/code/icd10cm/{c}" for c in codes[::211]])
            rows.append(["page of a code, p50 / p99 (ms)", _both(pages)])
            wrk = throughput(port, "/api/v1/codes/icd10cm/M79.631")
            rows.append(["code lookup, wrk, 8 connections", wrk])
            rows.append(
                ["resident memory of the worker, after all that (MB)", f"{memory(process):.0f}"]
            )
    print(table(rows))


def _both(took: list[float]) -> str:
    return f"{percentile(took, 0.5):.2f} / {percentile(took, 0.99):.2f}"


if __name__ == "__main__":
    main()

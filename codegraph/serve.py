"""Serve the application with granian, and say where when it answers."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from codegraph.errors import CodegraphError

_GRACE = 2  # seconds for open connections when asked to stop
_PATIENCE = 60.0  # seconds until a start that does not answer is reported


def serve(host: str, port: int, workers: int, say: Callable[[str], None]) -> None:
    """Run until interrupted.

    Raises
    ------
    CodegraphError
        If the port is taken.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    _check_free(host, port)
    # A forked worker could inherit a lock that one of our threads held at that moment.
    multiprocessing.set_start_method("spawn", force=True)
    threading.Thread(target=_announce, args=(host, port, say), daemon=True).start()
    Server(
        "codegraph.app.wsgi:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        log_level=LogLevels.warning,
        log_access=False,
        websockets=False,
        workers_kill_timeout=_GRACE,  # a browser that keeps its connection does not keep us
    ).serve()


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CodegraphError(
                f"{host}:{port} cannot be used ({error.strerror}): choose another with --port."
            ) from error


def _announce(host: str, port: int, say: Callable[[str], None]) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    url = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                say(f"codegraph answers at {url}")
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    say(f"codegraph does not answer at {url} yet; see the messages above.")

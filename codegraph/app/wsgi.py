"""What a server process loads: the application around the compiled graph."""

from __future__ import annotations

import gc
import sys
import threading
from datetime import date

from flask import Flask

from codegraph.app.factory import create_app
from codegraph.service import CodeGraph


def create() -> Flask:
    """Open the graph and return the application.

    The graph lives as long as the process, so the collector need not walk it again and again.
    """
    service = CodeGraph.open()
    service.warm_up()
    app = create_app(service)
    gc.collect()
    gc.freeze()
    # The plans of all categories take some seconds together: have them before someone asks, and
    # let whoever asks meanwhile in at once.
    sys.setswitchinterval(0.001)
    threading.Thread(target=service.drilldown.warm, args=(date.today(), 0), daemon=True).start()
    return app

"""Zeros to write on: what a query marks, and wipes again before the next one."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import DTypeLike


class Sheet(threading.local):
    """A row of zeros, for each thread its own. Who writes on it wipes it."""

    def __init__(self, size: int, kind: DTypeLike) -> None:
        self.zeros = np.zeros(size, kind)

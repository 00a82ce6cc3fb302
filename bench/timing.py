"""Milliseconds as they were measured, and what is said of them."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Milliseconds of `n` requests: the median, and the 99th percentile by nearest rank (the slowest, of 100 or less).

    `ratio` divides by a peer's median.
    """

    p50: float
    p99: float
    n: int

    def ratio(self, peer: "Spread") -> float:
        return self.p50 / peer.p50


def spread(samples: Sequence[float]) -> Spread:
    """Of at least one sample."""
    ordered = sorted(samples)
    return Spread(quantile(ordered, 0.5), quantile(ordered, 0.99), len(ordered))


def quantile(ordered: Sequence[float], share: float) -> float:
    """By nearest rank: a value that was really measured."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def timed[T](work: Callable[[], T]) -> tuple[T, float]:
    """What it gave, and its milliseconds."""
    started = time.perf_counter()
    given = work()
    return given, (time.perf_counter() - started) * 1000

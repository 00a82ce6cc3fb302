"""Readiness of a function: can it reach what it needs, and how fast. Answers `{"source": "omnix.readiness"}`."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from omnix import VERSION, clock, logs

SOURCE = "omnix.readiness"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    """One dependency: `ms` is how long the look took; `detail` names the kind of failure, never a value."""

    name: str
    ok: bool
    detail: str
    ms: float


@dataclass(frozen=True)
class Report:
    """Every check of one function; ready when all are."""

    function: str
    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The contract's shape."""
        checks = [asdict(check) for check in self.checks]
        return {"ok": self.ok, "function": self.function, "version": VERSION, "checks": checks}


def report(function: str, probes: Mapping[str, Callable[[], object]]) -> Report:
    """Run the probes beside each other; one that raises is a failed check, whatever it raised.

    One after the other, the time-outs of an outage would add up to more than the function has.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(probes)) as pool:
        return Report(function, list(pool.map(_run, probes.keys(), probes.values())))


def _run(name: str, probe: Callable[[], object]) -> Check:
    started = clock.monotonic()
    try:
        probe()
    except Exception as error:  # noqa: BLE001 - a probe's only job is to turn any failure into an answer
        _logger.warning(logs.line("not ready", probe=name, **logs.failure(error)))
        return Check(name, ok=False, detail=type(error).__name__, ms=_since(started))
    return Check(name, ok=True, detail="reachable", ms=_since(started))


def _since(started: float) -> float:
    return round((clock.monotonic() - started) * 1000, 2)

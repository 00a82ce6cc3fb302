"""The fault interface of an environment's cloud, as tests use it (see `localcloud.faults`)."""

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from tests.integration.conftest import Environment
from tests.integration.test_function_processes import processes

type Document = dict[str, Any]

# The functions `api`, `assistant`, `auth`, `authorizer`. What fails for the worker for long ends among dead letters.
SERVING = "*-a[psu]*"


@dataclass(frozen=True)
class Switch:
    """Sets faults for the length of a `with`, so that none outlives its test."""

    environment: Environment

    @property
    def _cloud(self) -> str:
        return f"{self.environment.summary['aws_endpoint_url']}/_localcloud"

    @contextmanager
    def on(self, *faults: Document) -> Iterator[None]:
        """These faults and no others."""
        self.clear()
        httpx.post(f"{self._cloud}/faults", json={"faults": list(faults)}).raise_for_status()
        try:
            yield
        finally:
            self.clear()

    def clear(self) -> None:
        """All of them are over."""
        httpx.delete(f"{self._cloud}/faults").raise_for_status()

    def applied(self) -> int:
        """How many calls the faults have taken that are set now."""
        found: Sequence[Document] = httpx.get(f"{self._cloud}/faults").raise_for_status().json()["faults"]
        return sum(fault["applied"] for fault in found)

    def restart(self) -> None:
        """Every function starts cold: what it had cached is gone."""
        httpx.post(f"{self._cloud}/functions/restart", timeout=60).raise_for_status()

    def kill(self, *functions: str, choose: Random | None = None) -> list[int]:
        """SIGKILL to every process of these functions, or to one that `choose` takes; the ids."""
        found = [pid for pid, given in processes(self.environment).items() if given["OMNIX_FUNCTION"] in functions]
        if choose is not None and found:
            found = [choose.choice(sorted(found))]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return found

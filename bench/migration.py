"""How fast a table is moved, and how much memory that takes, beside a scan-and-put as one would write it.

Each mover runs in a process of its own on one DynamoDB Local, into a table of its own; the naive one is stopped after a
while, for only its rate is wanted. What is compared are items a second of the same run on the same machine.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.migration_work import MOVERS, REGION, prepare
from tests.dynamodb_local import server
from tests.dynamodb_local.distribution import UnavailableError
from toolchain.workspace import ROOT

SIZES = (10_000, 100_000, 1_000_000)
NAIVE_SECONDS = 20
_HEAP = "4g"


class MigrationError(RuntimeError):
    """A mover ended badly; its own message has been shown."""


@dataclass(frozen=True)
class Moved:
    """One mover at one size. `items`: how many it moved in `seconds`; `exact`: whether the target held just them."""

    mover: str
    size: int
    items: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exact: bool

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds


def measure(say: Callable[[str], None], largest: int) -> dict[str, Any]:
    """Every mover at every size up to `largest`."""
    found: list[Moved] = []
    try:
        for size in (size for size in SIZES if size <= largest):
            with server.running(_HEAP) as endpoint, tempfile.TemporaryDirectory(prefix="omnix-bench-") as scratch:
                say(f"migration: seeding {size:,} items")
                prepare(endpoint, size)
                for mover in MOVERS:
                    say(f"migration: {mover}, {size:,} items")
                    found.append(_moved(mover, endpoint, size, Path(scratch)))
    except UnavailableError as error:
        return {"migration": {"missing": str(error), "cells": []}}
    return {"migration": {"missing": None, "cells": [document(one, found) for one in found]}}


def document(one: Moved, found: Sequence[Moved]) -> dict[str, Any]:
    """A cell, with its ratio to the naive mover of the same size."""
    naive = next(other for other in found if other.mover == MOVERS[0] and other.size == one.size)
    return {**asdict(one), "rate": one.rate, "ratio_to_naive": one.rate / naive.rate}


def _moved(mover: str, endpoint: str, size: int, scratch: Path) -> Moved:
    command = [
        sys.executable,
        "-m",
        "bench.migration_work",
        mover,
        endpoint,
        str(size),
        str(NAIVE_SECONDS),
        str(scratch),
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": REGION,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT))),
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise MigrationError(f"{mover} ended with {done.returncode}; its message is above")
    return Moved(mover=mover, size=size, **json.loads(done.stdout.strip().splitlines()[-1]))


def print_table(console: Console, found: dict[str, Any]) -> None:
    """One row a mover and size."""
    if found["missing"]:
        console.print(f"[yellow]migration: {found['missing']}[/yellow]")
        return
    table = Table(title="A table moved on DynamoDB Local, each mover in a process of its own")
    for column in ("mover", "items", "moved", "seconds", "items/s", "x naive", "CPU s", "peak MB", "exact"):
        table.add_column(column, justify="left" if column == "mover" else "right")
    for cell in found["cells"]:
        table.add_row(
            cell["mover"],
            f"{cell['size']:,}",
            f"{cell['items']:,}",
            f"{cell['seconds']:.1f}",
            f"{cell['rate']:,.0f}",
            f"{cell['ratio_to_naive']:.1f}",
            f"{cell['cpu_seconds']:.1f}",
            f"{cell['peak_bytes'] / 1e6:.0f}",
            "yes" if cell["exact"] else "stopped" if cell["items"] < cell["size"] else "NO",
        )
    console.print(table)

"""CPU time and memory of starting a handler: a fresh isolated process each, all subjects in turn."""

import json
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.subjects import Subject
from bench.variants import lay_out
from bundler.isolated import interpreter, lambda_environment

# VmHWM belongs to the process image; ru_maxrss starts from the parent's at fork and would measure this bench.
_PROGRAM = """
import importlib, json, sys, time
folder, module, name = sys.argv[1:]
sys.path.insert(0, folder)
start = time.process_time_ns()
handler = getattr(importlib.import_module(module), name)
end = time.process_time_ns()
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
except FileNotFoundError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([(end - start) / 1e6, end / 1e6, peak, len(sys.modules)]))
"""

Sample = tuple[float, float, int, int]  # CPU ms of the import, CPU ms of the process, bytes, modules


class HandlerImportError(Exception):
    """A handler could not be imported; the message is its last line of output."""


@dataclass(frozen=True)
class Measured:
    """Medians over `runs`: CPU milliseconds of the import (with lowest and highest) and of the whole process with the
    interpreter's own start; peak resident bytes; modules loaded.

    What a handler does when it is imported (its AWS clients, its settings) is part of the import, as it is of
    Lambda's init phase.
    """

    cpu_ms: float
    lowest_ms: float
    highest_ms: float
    start_ms: float
    peak_rss: int
    modules: int
    runs: int


def measure(
    chosen: Sequence[Subject], variants: Sequence[str], runs: int, work: Path, progress: Callable[[str], None]
) -> dict[tuple[str, str], Measured]:
    """Return (subject, variant) → medians.

    Rounds go over all of them, so that a slow minute of the machine falls on each; a first round warms the file
    cache and is not counted.
    """
    cases = [(s, v, work / s.function.name / v.replace(", ", "-").replace(" ", "-")) for s in chosen for v in variants]
    for subject, variant, folder in cases:
        lay_out(subject, variant, folder)
    samples: dict[tuple[str, str], list[Sample]] = {(s.name, v): [] for s, v, _ in cases}
    for turn in range(runs + 1):
        progress(f"imports: {'warm-up' if turn == 0 else f'round {turn} of {runs}'}")
        for subject, variant, folder in cases:
            sample = _once(subject, folder)
            if turn:
                samples[subject.name, variant].append(sample)
    return {case: _medians(found) for case, found in samples.items()}


def _once(subject: Subject, folder: Path) -> Sample:
    module, _, name = subject.function.handler.rpartition(".")
    done = subprocess.run(
        [*interpreter(), "-c", _PROGRAM, str(folder), module, name],
        env=lambda_environment(folder, subject.function.check_environment or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise HandlerImportError(f"{subject.name}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    imported, started, peak, modules = json.loads(done.stdout.splitlines()[-1])
    return imported, started, peak, modules


def _medians(samples: list[Sample]) -> Measured:
    times, starts, peaks, modules = zip(*samples, strict=True)
    return Measured(
        cpu_ms=statistics.median(times),
        lowest_ms=min(times),
        highest_ms=max(times),
        start_ms=statistics.median(starts),
        peak_rss=int(statistics.median(peaks)),
        modules=int(statistics.median(modules)),
        runs=len(samples),
    )

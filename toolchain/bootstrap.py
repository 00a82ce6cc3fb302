#!/usr/bin/env python3
"""Makes the tools that `make` needs on a machine that has make and some Python 3, and nothing else.

Runs on any Python from 3.8 on with the standard library alone: it finds Python 3.13, provides the pinned uv,
and lets uv create `.venv` from `uv.lock`. The engine comes next, from inside that environment
(`toolchain/engine.py`). Everything downloaded lies in the cache outside the working tree, so it happens once.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROBE_SECONDS = 20


def pins():
    """Return the pinned versions of `toolchain/pins.json`."""
    with open(os.path.join(ROOT, "toolchain", "pins.json")) as file:
        return json.load(file)


def cache_dir():
    """Return the cache folder outside the working tree; the same rule as `toolchain/cache.py`."""
    explicit = os.environ.get("OMNIX_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return explicit or os.path.join(base, "omnix")


def say(message):
    """Print a progress line to stderr, so that stdout stays clean for machines."""
    sys.stderr.write("setup  %s\n" % message)
    sys.stderr.flush()


def fail(message):
    """End with a message that says what to do."""
    sys.stderr.write("setup  error: %s\n" % message)
    sys.exit(1)


def runs(command, pattern):
    """Say whether `command` starts, ends with 0 and prints a match of `pattern`.

    pyenv's shims answer `python3.13` and then fail unless the version is selected, so a name on PATH proves nothing.
    """
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and re.search(pattern, result.stdout.decode(errors="replace")) is not None


def on_path(name):
    """Yield each executable called `name` on PATH: the first may be a shim that does not run."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which(name, path=folder) if folder else None
        if found:
            yield found


def python_candidates(version):
    """Yield the places where an interpreter of `version` may be: PATH, then pyenv's own versions, newest first."""
    for found in on_path("python" + version):
        yield found
    pyenv = os.environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    pattern = os.path.join(pyenv, "versions", version + ".*", "bin", "python" + version)

    def patch(path):
        number = re.search(re.escape(version) + r"\.(\d+)", path)
        return int(number.group(1)) if number else -1

    for found in sorted(glob.glob(pattern), key=patch, reverse=True):
        yield found


def find_python(version):
    """Return an interpreter of `version` that really runs, or None."""
    probe = "import sys, ssl, ctypes, venv; print('%d.%d' % sys.version_info[:2])"
    for candidate in python_candidates(version):
        if runs([candidate, "-c", probe], "^" + re.escape(version) + "$"):
            return candidate
    return None


def uv_of_python(uv, version):
    """Let uv find or download an interpreter of `version`; None where it can't (no internet)."""
    for arguments in (
        ["python", "find", version],
        ["python", "install", version],
        ["python", "find", version],
    ):
        result = subprocess.run([uv] + arguments, stdout=subprocess.PIPE, check=False)
        path = result.stdout.decode().strip()
        if arguments[1] == "find" and result.returncode == 0 and os.path.exists(path):
            return path
    return None


def provide_uv(version, python):
    """Return the pinned uv: from PATH, from the cache, or installed into the cache by `python`'s pip."""
    exact = r"^uv %s\b" % re.escape(version)
    for found in on_path("uv"):
        if runs([found, "--version"], exact):
            return found
    home = os.path.join(cache_dir(), "uv-" + version)
    uv = os.path.join(home, "bin", "uv")
    if runs([uv, "--version"], exact):
        return uv
    say("installing uv %s into the cache" % version)
    shutil.rmtree(home, ignore_errors=True)
    requirement = "uv==" + version
    ways = (
        (
            [python, "-m", "venv", home],
            [os.path.join(home, "bin", "python"), "-m", "pip", "install", "-q", requirement],
        ),
        # Debian's python3 comes without ensurepip, yet may have pip
        ([python, "-m", "pip", "install", "-q", "--target", home, requirement],),
    )
    for way in ways:
        if all(subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0 for command in way):
            break
        shutil.rmtree(home, ignore_errors=True)
    if not runs([uv, "--version"], exact):
        fail(
            "uv %s could not be installed with %s. Install uv yourself (`pip install uv==%s`), "
            "or the packages python3-venv and python3-pip, and run again." % (version, python, version)
        )
    return uv


def main():
    """Set up and print the seconds that it took as `OMNIX_SETUP_SECONDS`' value on stdout."""
    started = time.time()
    pinned = pins()
    os.makedirs(cache_dir(), exist_ok=True)
    python = find_python(pinned["python"])
    uv = provide_uv(pinned["uv"], python or sys.executable)
    python = python or uv_of_python(uv, pinned["python"])
    if python is None:
        fail(
            "no Python %s that runs. Looked for python%s on PATH, among pyenv's versions, and asked uv to download it. "
            "Install one (`pyenv install %s`, your system's package, or `uv python install %s` with internet) "
            "and run again." % ((pinned["python"],) * 4)
        )
    environment = dict(os.environ, UV_PROJECT_ENVIRONMENT=os.path.join(ROOT, ".venv"))
    environment.pop("VIRTUAL_ENV", None)
    sync = [uv, "sync", "--frozen", "--all-packages", "--python", python, "--project", ROOT, "--no-progress"]
    if os.path.isdir(os.path.join(ROOT, ".venv")):
        sync.append("--quiet")
    else:
        say("creating .venv with Python %s and the locked packages" % pinned["python"])
    if subprocess.run(sync, stdout=sys.stderr, env=environment, check=False).returncode:
        fail(
            "uv could not install the locked packages; its message is above. With a package index out of reach, retry."
        )
    engine = [os.path.join(ROOT, ".venv", "bin", "python"), "-m", "toolchain", "engine", "--quiet"]
    if subprocess.run(engine, cwd=ROOT, stdout=sys.stderr, check=False).returncode:
        sys.exit(1)
    sys.stdout.write("%.1f\n" % (time.time() - started))


if __name__ == "__main__":
    main()

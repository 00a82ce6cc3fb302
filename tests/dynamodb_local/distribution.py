"""Fetches DynamoDB Local from Maven, once a machine, into the project's cache.

Maven is asked by `pom.xml` beside this file and finds its registry in its own settings: no host is named here.
"""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from toolchain.cache import cache_dir

POM = Path(__file__).with_name("pom.xml")
FETCH_SECONDS = 300
_COMPLETE = "complete"


class UnavailableError(Exception):
    """DynamoDB Local cannot be had here; the message is the reason that a skipped test shows."""


def provide() -> Path:
    """Return the folder with the jars and the native libraries, fetching it on first use (85 files, 33 MB).

    Two processes at once fetch once; a fetch that is cut off leaves nothing that looks whole.
    """
    if shutil.which("java") is None:
        raise UnavailableError("there is no java on PATH (DynamoDB Local needs Java 17 or newer)")
    pom = POM.read_bytes()
    folder = cache_dir() / "dynamodb-local" / hashlib.sha256(pom).hexdigest()[:16]
    if (folder / _COMPLETE).exists():
        return folder
    if shutil.which("mvn") is None:
        raise UnavailableError("DynamoDB Local is not in the cache yet and there is no mvn on PATH to fetch it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _COMPLETE).exists():  # another process made it while this one waited
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    making = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    # A copy of the POM: Maven writes `target/` beside the one that it is given.
    shutil.copy(POM, making / "pom.xml")
    command = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", str(making / "pom.xml")]
    copy = ["dependency:copy-dependencies", f"-DoutputDirectory={making}", "-DincludeScope=runtime"]
    try:
        result = subprocess.run([*command, *copy], capture_output=True, text=True, check=False, timeout=FETCH_SECONDS)
        if result.returncode:
            raise UnavailableError(f"Maven could not fetch DynamoDB Local: {_first_error(result.stdout)}")
        (making / _COMPLETE).touch()
        shutil.rmtree(folder, ignore_errors=True)
        making.replace(folder)
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"Maven did not fetch DynamoDB Local within {FETCH_SECONDS} s") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _first_error(output: str) -> str:
    errors = (line for line in output.splitlines() if "ERROR" in line)
    return next(errors, "it said nothing")[:300]

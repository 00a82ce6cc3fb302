"""The Pulumi engine, at the pinned version: from PATH, from the cache, installed, or built from Go modules.

The build is there because the vendor's download site is not reachable from every network (build agents, air gaps)
while a Go module proxy often is. Two modules in folders of their own name what is built: the CLI at the pinned
version, and the last Python language host that a public module contains.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from toolchain.cache import cache_dir
from toolchain.pins import PULUMI_VERSION

HERE = Path(__file__).parent
PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
Say = Callable[[str], None]


class EngineError(RuntimeError):
    """The engine cannot be provided; the message says what was tried and what to do."""


def _answers(folder: Path) -> bool:
    """Say whether `folder` holds the whole engine at the pinned version and it starts."""
    if not all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
        return False
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        result = subprocess.run(
            [folder / "pulumi", "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and result.stdout.strip().lstrip("v").split("+")[0] == PULUMI_VERSION


def _on_path() -> Path | None:
    found = shutil.which("pulumi")
    if found is None:
        return None
    folder = Path(found).resolve().parent
    return folder if _answers(folder) else None


def _install(home: Path, say: Say) -> Path | None:
    """Run the official installer (through the SDK) into `home`; None when the network does not have it."""
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo

    say(f"installing the Pulumi CLI {PULUMI_VERSION} with its official installer")
    try:
        PulumiCommand.install(root=str(home), version=VersionInfo.parse(PULUMI_VERSION))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        say(f"the official installer is out of reach ({type(error).__name__}: {str(error)[:120]})")
        return None
    return home / "bin" if _answers(home / "bin") else None


def _go(arguments: list[str], folder: Path, say: Say, what: str) -> str:
    """Run go in `folder`, with a sign of life every 15 seconds; returns its output."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(["go", *arguments], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        started = time.monotonic()
        while True:
            try:
                code = process.wait(timeout=15)
                break
            except subprocess.TimeoutExpired:
                say(f"{what}: {time.monotonic() - started:.0f} s")
        log.seek(0)
        output = log.read()
    if code:
        raise EngineError(f"`go {' '.join(arguments)}` failed:\n{output[-2000:]}")
    return output


def _build(home: Path, say: Say) -> Path:
    """Build CLI and language host from Go modules into `home`/bin; about three minutes on two cores."""
    if shutil.which("go") is None:
        raise EngineError(
            f"there is no Pulumi {PULUMI_VERSION} on PATH, its installer is out of reach, and Go is not installed. "
            f"Install Pulumi {PULUMI_VERSION} (https://www.pulumi.com/docs/install/) or Go 1.25+, then run again."
        )
    binaries = home / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    modules = (
        ("engine", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
        (
            "language-host",
            "pulumi-language-python",
            "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        ),
    )
    for folder, program, package in modules:
        say(f"building {program} from Go modules (once; takes minutes)")
        linker = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}"
        flags = ["-ldflags", linker] if folder == "engine" else []
        # -mod=readonly: what go.sum does not name is refused
        _go(
            ["build", "-mod=readonly", *flags, "-o", str(binaries / program), package],
            HERE / folder,
            say,
            program,
        )
    sdk = _go(["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"], HERE / "engine", say, "go list")
    script = binaries / "pulumi-language-python-exec"
    shutil.copyfile(Path(sdk.strip()) / "python" / "cmd" / script.name, script)
    script.chmod(0o755)
    return binaries


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the cache's lock: two first runs at once build once."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def provide(say: Say) -> Path:
    """Return the folder that holds the engine's programs at the pinned version, making it if need be.

    Raises EngineError with what to do where it cannot be had.
    """
    home = cache_dir() / "engine" / PULUMI_VERSION
    found = _on_path() or (home / "bin" if _answers(home / "bin") else None)
    if found:
        return found
    with _alone(home):
        if _answers(home / "bin"):  # another run made it while this one waited
            return home / "bin"
        making = Path(tempfile.mkdtemp(prefix=f"{PULUMI_VERSION}-", dir=home.parent))
        try:
            if _install(making, say) is None:
                _build(making, say)
            if not _answers(making / "bin"):
                raise EngineError(f"the engine made in {making} does not answer `pulumi version` with {PULUMI_VERSION}")
            shutil.rmtree(home, ignore_errors=True)
            making.replace(home)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    say(f"the engine is ready in {home / 'bin'}")
    return home / "bin"

"""What a zip must fit: AWS Lambda's python3.13 on arm64, or this machine."""

import platform
import sys
from dataclasses import dataclass
from typing import Literal

from bundler.errors import BundleError

TargetName = Literal["aws", "local"]

PYTHON = "3.13"
_ELF_MACHINES = {"x86_64": 0x3E, "aarch64": 0xB7, "arm64": 0xB7}


@dataclass(frozen=True)
class Target:
    """`uv_platform` None means "whatever runs this"; `elf_machine` None means binaries are not ELF here."""

    name: TargetName
    machine: str
    uv_platform: str | None
    elf_machine: int | None
    extension_suffixes: tuple[str, ...]
    glibc: tuple[int, int] | None

    @property
    def key(self) -> str:
        """What of the target decides the bytes of a zip."""
        return f"{self.name}/{self.machine}/{self.uv_platform or sys.platform}/cp{PYTHON}"


def target(name: TargetName) -> Target:
    """Return the target of that name; raises BundleError for any other name."""
    if name == "aws":
        # python3.13 runs on Amazon Linux 2023, whose glibc is 2.34: wheels up to manylinux_2_34 load there.
        return Target(
            name="aws",
            machine="aarch64",
            uv_platform="aarch64-manylinux_2_34",
            elf_machine=_ELF_MACHINES["aarch64"],
            extension_suffixes=(".cpython-313-aarch64-linux-gnu.so", ".abi3.so"),
            glibc=(2, 34),
        )
    if name == "local":
        from importlib.machinery import EXTENSION_SUFFIXES

        machine = platform.machine()
        elf = _ELF_MACHINES.get(machine) if sys.platform == "linux" else None
        suffixes = tuple(s for s in EXTENSION_SUFFIXES if s != ".so")
        return Target("local", machine, None, elf, suffixes, None)
    raise BundleError(f"unknown target {name!r}: use 'aws' or 'local'")


def require_python() -> None:
    """Refuse any interpreter but CPython 3.13: its bytecode would not load in the Lambda runtime."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if running != PYTHON or sys.implementation.name != "cpython":
        raise BundleError(
            f"the bundler compiles bytecode for CPython {PYTHON} and must run on it, "
            f"not on {sys.implementation.name} {running}: use the project's .venv"
        )

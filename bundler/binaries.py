"""Whether a shared library can be loaded by the target: its ELF header, its tag and the glibc it asks for."""

import re
import struct
from pathlib import PurePosixPath

from bundler.target import Target

_ELF = b"\x7fELF"
_CLASS_64 = 2
_LITTLE_ENDIAN = 1
_MACHINE = 18  # offset of e_machine in the header
_GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")


def is_binary(name: str) -> bool:
    """Tell whether a zip entry is a shared library (`x.so`, `x.so.6`)."""
    return bool(re.search(r"\.so(\.\d+)*$", name))


def binary_problems(name: str, content: bytes, wanted: Target) -> list[str]:
    """Return why the target cannot load the library `name`; nothing if it can."""
    if wanted.elf_machine is None:
        return []
    if content[:4] != _ELF or content[4] != _CLASS_64 or content[5] != _LITTLE_ENDIAN:
        return [f"{name} is no 64-bit little-endian ELF binary"]
    problems = []
    (machine,) = struct.unpack_from("<H", content, _MACHINE)
    if machine != wanted.elf_machine:
        problems.append(f"{name} is built for ELF machine {machine:#x}, not for {wanted.machine}")
    bundled = PurePosixPath(name).parts[0].endswith(".libs")
    if not bundled and not name.endswith(wanted.extension_suffixes):
        problems.append(f"{name} has none of the tags {', '.join(wanted.extension_suffixes)}")
    asked = max(((int(a), int(b)) for a, b in _GLIBC.findall(content)), default=(0, 0))
    if wanted.glibc and asked > wanted.glibc:
        problems.append(
            f"{name} asks for glibc {asked[0]}.{asked[1]}; the runtime has {wanted.glibc[0]}.{wanted.glibc[1]}"
        )
    return problems

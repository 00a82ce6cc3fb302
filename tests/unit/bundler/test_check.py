import struct
import zipfile
from pathlib import Path

import pytest

from bundler import build
from bundler.binaries import binary_problems
from bundler.check import check
from bundler.static_check import static_problems
from bundler.target import TargetName, target
from tests.unit.bundler.fixture_project import Project

AARCH64, X86_64 = 0xB7, 0x3E


def elf(machine: int, body: bytes = b"") -> bytes:
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 3, machine) + body


def problems(project: Project, name: TargetName) -> list[str]:
    return [p for finding in check(project.root, name) for p in finding.problems]


def _repack(path: Path, changes: dict[str, bytes | None]) -> None:
    with zipfile.ZipFile(path) as zipped:
        content = {n: zipped.read(n) for n in zipped.namelist()}
    with zipfile.ZipFile(path, "w") as zipped:
        for name, data in {**content, **changes}.items():
            if data is not None:
                zipped.writestr(name, data)


@pytest.mark.parametrize("name", ["local", "aws"])
def test_a_handler_that_its_zip_can_start_passes(hello: Project, name: TargetName) -> None:
    assert problems(hello, name) == []


@pytest.mark.parametrize("name", ["local", "aws"])
def test_a_handler_string_that_names_no_function_of_its_module_is_found(hello: Project, name: TargetName) -> None:
    # the incident of the handler names that did not match the packaged code
    hello.function("hello", "def main(event, context): return None\n")
    hello.lock()
    assert problems(hello, name) == ["handler hello.handler.handler: module hello.handler defines no handler"]


def test_a_handler_that_fails_to_import_is_found_locally(hello: Project) -> None:
    hello.write("functions/hello/handler.py", "def handler(event, context): return None\n1 / 0\n")
    assert "ZeroDivisionError" in problems(hello, "local")[0]


def test_a_handler_that_is_no_function_is_found_locally(hello: Project) -> None:
    hello.write("functions/hello/handler.py", "handler = 1\n")
    assert "hello.handler.handler is not callable" in " ".join(problems(hello, "local"))


def test_the_local_import_sees_no_virtual_environment_and_no_variable_of_ours(
    hello: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNIX_SEEN", "yes")
    hello.write(
        "functions/hello/handler.py",
        "import importlib, importlib.util, os\n"
        "assert 'OMNIX_SEEN' not in os.environ\n"
        "assert importlib.util.find_spec('boto' + 'core') is None, 'virtual environment is visible'\n"
        "def handler(event, context): return None\n",
    )
    assert problems(hello, "local") == []


def test_the_environment_that_a_function_declares_reaches_its_import(hello: Project) -> None:
    hello.function(
        "hello",
        "import os\nREGION = os.environ['OMNIX_PLACE']\ndef handler(event, context): return None\n",
        omnix='check-environment = { OMNIX_PLACE = "here" }',
    )
    hello.lock()
    assert problems(hello, "local") == []


def test_a_module_missing_from_a_zip_is_found_without_running_it(hello: Project) -> None:
    path = hello.root / build(hello.root, "aws").functions["hello"].path
    _repack(path, {"greeting/words.pyc": None})
    assert static_problems(path, "hello.handler.handler", target("aws")) == [
        "greeting imports greeting.words, which neither the zip nor Python holds"
    ]


def test_bytecode_that_lambda_would_not_use_is_found(hello: Project) -> None:
    path = hello.root / build(hello.root, "aws").functions["hello"].path
    pyc = "hello/__pycache__/handler.cpython-313.pyc"
    with zipfile.ZipFile(path) as zipped:
        content = zipped.read(pyc)
    _repack(path, {pyc: content[:4] + bytes(4) + content[8:]})
    assert static_problems(path, "hello.handler.handler", target("aws")) == [
        f"{pyc} is not unchecked-hash bytecode: Lambda would take it for stale"
    ]


def test_bytecode_of_another_source_is_found(hello: Project) -> None:
    path = hello.root / build(hello.root, "aws").functions["hello"].path
    _repack(path, {"hello/handler.py": b"def handler(event, context): return 'edited'\n"})
    assert static_problems(path, "hello.handler.handler", target("aws")) == [
        "hello/__pycache__/handler.cpython-313.pyc was compiled from another source than hello/handler.py"
    ]


def test_a_library_for_another_machine_is_found_in_the_zip_for_aws(project: Project) -> None:
    suffix = ".cpython-313-aarch64-linux-gnu.so"
    project.wheel("native", {"native/__init__.py": "from native import core\n", f"native/core{suffix}": elf(X86_64)})
    project.function("hello", "import native\ndef handler(event, context): return native\n", ("native",))
    project.lock()
    assert problems(project, "aws") == [f"native/core{suffix} is built for ELF machine 0x3e, not for aarch64"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a/x.cpython-313-aarch64-linux-gnu.so", elf(AARCH64), []),
        ("a/x.abi3.so", elf(AARCH64, b"\0GLIBC_2.34\0"), []),
        ("a.libs/libffi-1.so.8", elf(AARCH64), []),
        ("a/x.cpython-312-aarch64-linux-gnu.so", elf(AARCH64), ["none of the tags"]),
        ("a/x.so", elf(AARCH64), ["none of the tags"]),
        ("a/x.abi3.so", elf(AARCH64, b"\0GLIBC_2.38\0GLIBC_2.17\0"), ["asks for glibc 2.38; the runtime has 2.34"]),
        ("a/x.abi3.so", b"\xcf\xfa\xed\xfe" + bytes(40), ["no 64-bit little-endian ELF"]),
        ("a/x.abi3.so", b"", ["no 64-bit little-endian ELF"]),
    ],
)
def test_a_library_must_fit_lambdas_machine_python_and_glibc(name: str, content: bytes, found: list[str]) -> None:
    reported = binary_problems(name, content, target("aws"))
    assert len(reported) == len(found)
    assert all(expected in line for expected, line in zip(found, reported, strict=True))

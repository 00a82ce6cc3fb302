import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundler.executed_imports import at_import, ever
from bundler.imports import scan


def scanned(source: str, module: str = "a.b", *, is_package: bool = False) -> dict[str, bool]:
    """Imported module → guarded."""
    return {i.module: i.guarded for i in scan(textwrap.dedent(source).encode(), module, is_package).imports}


def executed(source: str) -> set[str]:
    return {i.module for i in at_import(compile(textwrap.dedent(source), "m", "exec"))}


def test_lazy_imports_are_found_and_type_checking_ones_are_not() -> None:
    source = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import never
        else:
            import otherwise
        def f():
            import lazy
        class C:
            import body
    """
    assert scanned(source) == {"typing": False, "otherwise": False, "lazy": False, "body": False}


@pytest.mark.parametrize(
    ("module", "is_package", "source", "absolute"),
    [
        ("a.b", False, "from . import x", "a"),
        ("a.b", False, "from .c import x", "a.c"),
        ("a.b", True, "from .c import x", "a.b.c"),
        ("a.b.c", False, "from ..d import x", "a.d"),
        ("a.b.c", True, "from .. import x", "a.b"),
    ],
)
def test_relative_imports_are_read_as_python_reads_them(
    module: str, is_package: bool, source: str, absolute: str
) -> None:
    assert scanned(source, module, is_package=is_package) == {absolute: False}
    (found,) = at_import(compile(source, "m", "exec"))
    assert found.absolute(module, is_package=is_package) == absolute


@pytest.mark.parametrize("handler", ["ImportError", "ModuleNotFoundError", "(OSError, ImportError)", "Exception", ""])
def test_an_import_whose_failure_is_handled_is_guarded(handler: str) -> None:
    source = f"try:\n    import inside\nexcept {handler}:\n    import fallback\nimport after\n"
    assert scanned(source) == {"inside": True, "fallback": False, "after": False}
    assert executed(source) == {"after"}


def test_a_handler_of_another_error_guards_nothing() -> None:
    assert scanned("try:\n    import inside\nexcept KeyError:\n    pass\n") == {"inside": False}


@pytest.mark.parametrize("call", ["import_module(n)", "importlib.import_module(n)", "__import__(n)", "LazyLoader(n)"])
def test_an_import_by_computed_name_is_noticed(call: str) -> None:
    found = scan(f"n = '.sub'\ndef f(): return {call}\n".encode(), "a", is_package=True)
    assert found.computed
    assert ".sub" in found.strings


def test_bytecode_tells_what_import_must_execute_from_what_it_may() -> None:
    source = """
        import sys, always
        if sys.platform == "win32":
            import windows
        for _ in ():
            import looped
        def f():
            import lazy
        import last
    """
    assert executed(source) == {"sys", "always", "last"}
    assert {i.module for i in ever(compile(textwrap.dedent(source), "m", "exec"))} == {"sys", "always", "last", "lazy"}


_statements = st.sampled_from(
    ["import m{0}", "from m{0} import x", "import m{0}.sub", "from m{0} import *", "import m{0} as y"]
)


@given(st.lists(_statements, min_size=1, max_size=10))
def test_source_and_bytecode_agree_on_plain_imports(statements: list[str]) -> None:
    source = "".join(f"{s.format(i)}\n" for i, s in enumerate(statements))
    assert executed(source) == set(scanned(source))

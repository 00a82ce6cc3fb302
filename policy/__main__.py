"""`python -m policy …` (see `policy/command.py`), and the pack itself when Pulumi runs this folder.

Pulumi runs the folder as a program, from wherever it lies and under any name: the package is then loaded from here.
"""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def _load_package() -> None:
    spec = importlib.util.spec_from_file_location(
        "policy", HERE / "__init__.py", submodule_search_locations=[str(HERE)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{HERE} is not a Python package")
    package = importlib.util.module_from_spec(spec)
    sys.modules["policy"] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Run the command line, or serve the pack."""
    if __package__:
        from policy.command import app

        app(prog_name="python -m policy")
        return
    _load_package()
    from datetime import UTC, datetime

    from policy import overrides
    from policy.pack import serve
    from policy.rules import RULES

    exceptions = overrides.load([rule.name for rule in RULES], datetime.now(UTC).date())
    serve((*RULES, overrides.validity(exceptions)), exceptions)


if __name__ == "__main__":
    main()

"""The versions that must agree between machines; `bootstrap.py` reads the same file without this package."""

import json
from pathlib import Path
from typing import Final

_PINS: Final[dict[str, str]] = json.loads((Path(__file__).parent / "pins.json").read_text(encoding="utf-8"))

PULUMI_VERSION: Final = _PINS["pulumi"]
PYTHON_VERSION: Final = _PINS["python"]
UV_VERSION: Final = _PINS["uv"]

"""Environment variables that turn a guard of local runs off for one command: `OMNIX_POLICY=off make up`."""

import os
from typing import Final

POLICY: Final = "OMNIX_POLICY"
PERMISSIONS: Final = "OMNIX_PERMISSIONS"


def is_on(switch: str) -> bool:
    """Say whether the guard is on: always, except for `off`, however it is written."""
    return os.environ.get(switch, "").lower() != "off"

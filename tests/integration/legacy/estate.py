"""The legacy estate of the remediation plan: 7 gateways, 27 tables of mixed naming, 10 functions.

Start here: `build` makes it, `tables` has the tables' names and shapes, `items` what is in them, `seeding` writes it.
"""

from tests.integration.legacy.building import LEAKED, Estate, build
from tests.integration.legacy.items import FLAWS, flaw, items, twin
from tests.integration.legacy.seeding import counts, seed
from tests.integration.legacy.tables import (
    ALL_NAMES,
    BY_NAME,
    CDK_STACK,
    LEGACY,
    SERVERLESS_STACK,
    STANDARD_NAMES,
    LegacyTable,
)

__all__ = [
    "ALL_NAMES",
    "BY_NAME",
    "CDK_STACK",
    "FLAWS",
    "LEAKED",
    "LEGACY",
    "SERVERLESS_STACK",
    "STANDARD_NAMES",
    "Estate",
    "LegacyTable",
    "build",
    "counts",
    "flaw",
    "items",
    "seed",
    "twin",
]

"""The legacy estate of the remediation plan: 7 gateways, 27 tables of mixed naming, 10 functions.

Start here: `tables` has the tables' names and shapes, `items` what is in them, `seeding` writes it.
"""

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
    "LEGACY",
    "SERVERLESS_STACK",
    "STANDARD_NAMES",
    "LegacyTable",
    "counts",
    "flaw",
    "items",
    "seed",
    "twin",
]

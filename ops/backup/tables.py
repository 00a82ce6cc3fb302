"""Which tables a stack protects: those that it makes, those in `legacyTables`, and which of them serve now.

The backup plan selects both. Which one serves under a logical name is not the stack's to say but that of the parameter
`database/tables`, which a cut-over moves: what is only known by its standard name may be empty while another serves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ops.cutover.parameter import Parameter
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.aws import Aws

_LEGACY = "-legacy"


@dataclass(frozen=True)
class Protected:
    """A table that the backup plan selects. `label`: its name in lists and reports, `orders` or `orders-legacy`."""

    label: str
    logical: str
    physical: str


def protected(standard: Mapping[str, str], legacy: Mapping[str, str]) -> dict[str, Protected]:
    """The protected tables by label, each standard one before the one that may serve in its place."""
    found = [Protected(logical, logical, physical) for logical, physical in standard.items()]
    found += [Protected(f"{logical}{_LEGACY}", logical, physical) for logical, physical in legacy.items()]
    return {one.label: one for one in sorted(found, key=lambda one: one.label)}


@dataclass(frozen=True)
class Serving:
    """Physical names by logical name of what served when it was asked. `unknown`: why nobody can say."""

    tables: Mapping[str, str] = field(default_factory=dict)
    unknown: str | None = None

    def known(self) -> Mapping[str, str]:
        """What serves. Raises Refused where that cannot be said."""
        if self.unknown is not None:
            raise Refused(
                f"nobody can say which tables serve: {self.unknown}",
                "mend what the message names (reading the parameter takes ssm:GetParameterHistory), then try again",
            )
        return self.tables

    def serves(self, table: Protected) -> bool | None:
        """Whether it serves; None where that cannot be said."""
        return None if self.unknown is not None else self.tables.get(table.logical) == table.physical


def serving(aws: Aws, prefix: str) -> Serving:
    """What the environment's parameter says now. `prefix`: of the environment's parameters."""
    try:
        names = Parameter(aws.client("ssm"), prefix).current().names
    except (BotoCoreError, ClientError, Refused) as error:
        return Serving(unknown=str(error))
    now = time.time()
    return Serving({logical: names.physical(logical, now) for logical in names.tables})

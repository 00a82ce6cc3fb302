"""Where an environment's copies go."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Recovery:
    """The recovery region, and the ARN of the key of that region under which backups and files are copied there.

    Components take `Recovery | None`: None while the stack runs in the recovery region because the home region is lost
    (`failover` without `drRegion`). They then register nothing in any region but their own.
    """

    region: str
    key_arn: pulumi.Input[str]

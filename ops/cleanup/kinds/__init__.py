"""How each kind of resource is secured, removed and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.audit.model import Kind
from ops.cleanup.kinds.bucket import BucketRemoval
from ops.cleanup.kinds.distribution import DistributionRemoval
from ops.cleanup.kinds.function import FunctionRemoval
from ops.cleanup.kinds.http_api import HttpApiRemoval
from ops.cleanup.kinds.log_group import LogGroupRemoval
from ops.cleanup.kinds.rest_api import RestApiRemoval
from ops.cleanup.kinds.role import RoleRemoval
from ops.cleanup.kinds.secret import SecretRemoval
from ops.cleanup.kinds.table import TableRemoval
from ops.cleanup.kinds.wiring import (
    AlarmRemoval,
    DomainMappingRemoval,
    EventRuleRemoval,
    EventSourceMappingRemoval,
)

if TYPE_CHECKING:
    from ops.cleanup.account import Account
    from ops.cleanup.kinds.removal import Removal
    from ops.cleanup.plan import Entry

REMOVALS: dict[Kind, type[Removal]] = {
    Kind.REST_API: RestApiRemoval,
    Kind.HTTP_API: HttpApiRemoval,
    Kind.WEBSOCKET_API: HttpApiRemoval,
    Kind.FUNCTION: FunctionRemoval,
    Kind.TABLE: TableRemoval,
    Kind.LOG_GROUP: LogGroupRemoval,
    Kind.DISTRIBUTION: DistributionRemoval,
    Kind.ROLE: RoleRemoval,
    Kind.BUCKET: BucketRemoval,
    Kind.SECRET: SecretRemoval,
    Kind.EVENT_SOURCE_MAPPING: EventSourceMappingRemoval,
    Kind.EVENT_RULE: EventRuleRemoval,
    Kind.ALARM: AlarmRemoval,
    Kind.DOMAIN_MAPPING: DomainMappingRemoval,
}


def removal(entry: Entry, account: Account, plan_sha256: str) -> Removal:
    """The way of one entry of a plan."""
    return REMOVALS[entry.kind](entry, account, plan_sha256)

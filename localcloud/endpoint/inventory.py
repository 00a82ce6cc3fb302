"""Everything that exists, by service: the proof that a destroy left nothing.

Read from moto's backends, not through the API: nothing is paged, and no read counts as one. What AWS itself
owns (its managed policies, `aws/…` keys, what a deleted table leaves) and what only waits for its deletion date is
left out.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.base_backend import BackendDict

from localcloud.backup import state
from localcloud.backup.table_backup import SYSTEM
from localcloud.enforcement import usage
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry

# What this cloud writes down for itself is no resource.
_RECORDS = {usage.KIND}

Listing = Callable[[Any], Iterable[str]]


def _names(attribute: str, name: str = "name") -> Listing:
    return lambda backend: [getattr(each, name) for each in getattr(backend, attribute).values()]


def _keys(attribute: str) -> Listing:
    return lambda backend: list(getattr(backend, attribute))


def _kms_keys(backend: Any) -> list[str]:
    return [
        key.id for key in backend.keys.values() if key.key_state != "PendingDeletion" and key.key_manager == "CUSTOMER"
    ]


def _kms_aliases(backend: Any) -> list[str]:
    found = (alias for key in backend.keys.values() for alias in key.aliases)
    return [alias for alias in found if not alias.startswith("alias/aws/")]


def _secrets(backend: Any) -> list[str]:
    return [secret.name for secret in dict.values(backend.secrets) if not secret.is_deleted()]


def _functions(backend: Any) -> list[str]:
    return [function.function_name for function in backend.list_functions()]


def _policies(backend: Any) -> list[str]:
    return [arn for arn in backend.managed_policies if ":iam::aws:" not in arn]


def _alarms(backend: Any) -> list[str]:
    return list(backend.alarms)


def _table_backups(backend: Any) -> list[str]:
    return [arn for arn, backup in backend.backups.items() if backup.type != SYSTEM]


def _budgets(backend: Any) -> list[str]:
    return [name for account in backend.budgets.values() for name in account]


def _invocation_logging(backend: Any) -> list[str]:
    return ["configuration"] if backend.get_model_invocation_logging_configuration() else []


_LISTINGS: dict[tuple[str, str], Listing] = {
    ("apigateway", "rest_apis"): _keys("apis"),
    ("apigateway", "usage_plans"): _keys("usage_plans"),
    ("apigateway", "api_keys"): _keys("keys"),
    ("backup", "vaults"): _keys("vaults"),
    ("backup", "plans"): _keys("plans"),
    ("backup", "recovery_points"): lambda backend: list(state.of(backend).points),
    ("bedrock", "invocation_logging"): _invocation_logging,
    ("budgets", "budgets"): _budgets,
    ("cloudwatch", "alarms"): _alarms,
    ("cloudwatch", "dashboards"): _keys("dashboards"),
    ("dynamodb", "tables"): _keys("tables"),
    ("dynamodb", "backups"): _table_backups,
    ("events", "rules"): lambda backend: [name for bus in backend.event_buses.values() for name in bus.rules],
    ("iam", "roles"): _names("roles"),
    ("iam", "policies"): _policies,
    ("iam", "users"): _keys("users"),
    ("kms", "keys"): _kms_keys,
    ("kms", "aliases"): _kms_aliases,
    ("lambda", "functions"): _functions,
    ("lambda", "event_source_mappings"): _keys("_event_source_mappings"),
    ("logs", "log_groups"): _keys("groups"),
    ("s3", "buckets"): _keys("buckets"),
    ("secretsmanager", "secrets"): _secrets,
    ("sns", "topics"): _keys("topics"),
    ("sns", "subscriptions"): _keys("subscriptions"),
    ("sqs", "queues"): _keys("queues"),
    ("ssm", "parameters"): lambda backend: [
        name for name in dict.keys(backend._parameters) if not name.startswith("/aws/")
    ],
}


def inventory(account_id: str, registry: Registry, lock: StateLock) -> dict[str, dict[str, list[str]]]:
    """`{"dynamodb": {"tables": [...]}, …, "registry": {kind: [ids]}}`; what is empty is left out.

    An id of another region than the service's first is written as it is: names of one account do not repeat
    across regions here, and ARNs say their own.
    """
    found: dict[str, dict[str, list[str]]] = {}
    known: Any = BackendDict
    with lock.hold():
        for backends in list(known._instances):
            regions = list(dict.values(backends[account_id])) if account_id in backends else []
            for (service, kind), listing in _LISTINGS.items():
                ids = (
                    [one for backend in regions for one in listing(backend)] if service == backends.service_name else []
                )
                if ids:
                    found.setdefault(service, {})[kind] = sorted(map(str, ids))
    documents = {kind: sorted(registry.all(kind)) for kind in registry.kinds() if kind not in _RECORDS}
    if documents:
        found["registry"] = documents
    return found


def resource_counts(registry: Registry) -> dict[str, dict[str, int]]:
    """`{"labels": {label: n}, "types": {type: n}}` of the resources under management."""
    rows = registry.all("resource").values()
    return {
        "labels": dict(sorted(Counter(row["label"] for row in rows).items())),
        "types": dict(sorted(Counter(row["type"] for row in rows).items())),
    }

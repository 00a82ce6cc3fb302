"""A vault's lock, and what AWS Backup protects in a region."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

from collections.abc import Iterator
from typing import Any

from localcloud.backup.resource_types import MANAGED, OPTED_IN
from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered
from localcloud.refusals.check import Inputs, Of, Place, Violation, number

_LOCK, _SETTINGS = (
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    "aws:backup/regionSettings:RegionSettings",
)
_PUT_LOCK = "AWS Backup PutBackupVaultLockConfiguration"
_LONGEST = 36500  # days that a recovery point may be kept
_GRACE = 3  # days for which a compliance lock can still be taken back, at least
_UNTOUCHED = {"resourceTypeOptInPreference": OPTED_IN, "resourceTypeManagementPreference": MANAGED}
_PARAMETERS = {
    "resourceTypeOptInPreference": "ResourceTypeOptInPreference",
    "resourceTypeManagementPreference": "ResourceTypeManagementPreference",
}


class VaultLockConfiguration(ResourceType):
    """Governance without `changeableForDays`; with it compliance, which nobody can lift once those days are over."""

    pulumi_type = _LOCK
    label = Label.ENFORCED
    id_format = "{backupVaultName}"
    remove = ("backup", "delete_backup_vault_lock_configuration", "BackupVaultName")
    force_new = frozenset({"backupVaultName", "changeableForDays", "maxRetentionDays", "minRetentionDays"})
    importable = True

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        names = {
            "changeableForDays": "ChangeableForDays",
            "maxRetentionDays": "MaxRetentionDays",
            "minRetentionDays": "MinRetentionDays",
        }
        given = {parameter: int(news[key]) for key, parameter in names.items() if news.get(key)}
        scope.client("backup").put_backup_vault_lock_configuration(BackupVaultName=id, **given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        """As the real provider: the days of grace are never read again."""
        found = scope.client("backup").describe_backup_vault(BackupVaultName=id)
        return {
            "backupVaultName": id,
            "backupVaultArn": found["BackupVaultArn"],
            "maxRetentionDays": found.get("MaxRetentionDays"),
            "minRetentionDays": found.get("MinRetentionDays"),
        }


class RegionSettings(ResourceType):
    """One in an account and region, its id the region; deleting it changes nothing in AWS.

    The real provider reads both maps whole and compares them whole: an input that names fewer types than the region
    has is a change in every preview.
    """

    pulumi_type = _SETTINGS
    label = Label.STORED
    importable = True
    filled = frozenset({"resourceTypeManagementPreference"})
    whole = frozenset(_PARAMETERS)

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return scope.region

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        given = {parameter: news[key] for key, parameter in _PARAMETERS.items() if news.get(key)}
        scope.client("backup").update_region_settings(**given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        """The settings are there in every account, made by nobody."""
        found = scope.client("backup").describe_region_settings()
        return {"region": scope.region, **{key: found[parameter] for key, parameter in _PARAMETERS.items()}}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Nothing, as the real provider: what the account backs up stays as it is."""


def _days(inputs: Inputs, _: Place) -> Iterator[Violation]:
    low, high = number(inputs.get("minRetentionDays")), number(inputs.get("maxRetentionDays"))
    if low is not None and high is not None and low > high:
        yield "minRetentionDays", f"{low:g} is above maxRetentionDays {high:g}"


def _grace(value: Any) -> str | None:
    days = number(value)
    return None if days is None or _GRACE <= days <= _LONGEST else f"{value}: AWS takes {_GRACE} to {_LONGEST} days"


def _types(inputs: Inputs, _: Place) -> Iterator[Violation]:
    for key, known in _UNTOUCHED.items():
        for name in inputs.get(key) or {}:
            if name not in known:
                yield key, f"{name!r} has invalid values; DescribeRegionSettings knows {', '.join(known)}"


_ON_LOCK, _ON_SETTINGS = Of(_LOCK, _PUT_LOCK), Of(_SETTINGS, "AWS Backup UpdateRegionSettings")
RULES = (
    _ON_LOCK.within("minRetentionDays", 1, _LONGEST),
    _ON_LOCK.within("maxRetentionDays", 1, _LONGEST),
    _ON_LOCK.each("grace", "changeableForDays", _grace, "too short a time to take a lock back", "3 to 36500 days"),
    _ON_LOCK.rule(
        "retention", "minRetentionDays maxRetentionDays", _days, "a minimum above the maximum", "min ≤ max"
    ),
    _ON_SETTINGS.rule(
        "types", "resourceTypeOptInPreference resourceTypeManagementPreference", _types,
        "a resource type that the region does not know",
    ),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        _SETTINGS, "resource types that AWS added later, and those that a region lacks",
        "only DescribeRegionSettings of the region tells", "AWS Backup feature availability by Region",
    ),
)  # fmt: skip
TYPES = (VaultLockConfiguration(), RegionSettings())

"""What is backed up and where the backups are, from the stack's outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.backup.tables import Protected, Serving, protected, serving
from ops.errors import Refused, WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.aws import Aws
    from ops.stack import Stack


@dataclass(frozen=True)
class Vault:
    """A vault of one region, and the key that tables which are restored there are encrypted with."""

    name: str
    region: str
    key_arn: str


@dataclass(frozen=True)
class Estate:
    """An environment's tables and vaults. `tables`: logical -> physical names, which are their own in every region.

    `dr`: where copies go, None while a failover runs without a recovery region (`drRegion` left out of its config).
    `legacy`: those of tables that may serve in their place; `prefix`: of the environment's parameters.
    """

    environment: str
    account_id: str
    tables: Mapping[str, str]
    home: Vault
    dr: Vault | None
    role_arn: str
    plan_id: str | None
    aws: Aws
    legacy: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    @cached_property
    def protected(self) -> dict[str, Protected]:
        """Every table that the backup plan selects, by its label."""
        return protected(self.tables, self.legacy)

    @cached_property
    def serving(self) -> Serving:
        """Which tables serve, as of the first time that somebody asks."""
        return serving(self.aws, self.prefix)

    @property
    def vaults(self) -> tuple[Vault, ...]:
        """Where recovery points are: at home, and in the recovery region if there is one."""
        return (self.home,) if self.dr is None else (self.home, self.dr)

    def recovery(self) -> Vault:
        """The recovery region's vault. Raises Refused where there is none."""
        if self.dr is None:
            raise Refused(
                f"{self.environment} has no recovery region, so nothing of it is copied anywhere",
                "when the lost region answers again, set drRegion to it and run `pulumi up`, which makes vault and key "
                "there; then `omnix backup create`",
            )
        return self.dr

    def client(self, service: str, vault: Vault | None = None) -> Any:
        """A client in the vault's region, at home by default."""
        return self.aws.client(service, (vault or self.home).region)

    def table_arn(self, physical: str, region: str | None = None) -> str:
        """A table's ARN."""
        return f"arn:aws:dynamodb:{region or self.home.region}:{self.account_id}:table/{physical}"

    def vault_arn(self, vault: Vault) -> str:
        """A vault's ARN."""
        return f"arn:aws:backup:{vault.region}:{self.account_id}:backup-vault:{vault.name}"

    def chosen(self, names: Sequence[str] | None = None) -> dict[str, str]:
        """Physical names by label: all, or those that are named, by a logical name (all tables under it) or their own.

        Raises WrongUse for a name that the environment does not have.
        """
        tables = self.protected.values()
        unknown = sorted(set(names or ()) - {name for one in tables for name in (one.logical, one.physical)})
        if unknown:
            raise WrongUse(
                f"{self.environment} has no table {', '.join(unknown)}", f"name one of {', '.join(sorted(self.tables))}"
            )
        return {one.label: one.physical for one in tables if not names or {one.logical, one.physical} & set(names)}

    def meant(self, name: str) -> Protected:
        """The one table that a name means: a logical name what serves under it, any other name the table itself.

        Raises WrongUse for a name that the environment does not have, Refused where two may serve and nobody can say
        which one does.
        """
        candidates = [self.protected[label] for label in self.chosen([name])]
        if len(candidates) == 1:
            return candidates[0]
        physical = [one.physical for one in candidates]
        if self.serving.unknown is not None:
            reason = f"nobody can say which table serves as {name}: {self.serving.unknown}"
            raise Refused(reason, f"name the table itself: {' or '.join(physical)}")
        for one in candidates:
            if self.serving.serves(one):
                return one
        raise Refused(
            f"{self.serving.tables.get(name)} serves as {name}, which is none of {', '.join(physical)}",
            f"name the table itself: {' or '.join(physical)}",
        )

    def of_physical(self, physical: str) -> Protected | None:
        """The protected table of this name; None for another table."""
        return next((one for one in self.protected.values() if one.physical == physical), None)

    def unprotected(self) -> dict[str, str]:
        """Physical names by logical name of what serves and is in no backup; empty where nobody can say what serves."""
        own = {one.physical for one in self.protected.values()}
        return {logical: name for logical, name in sorted(self.serving.tables.items()) if name not in own}


def estate_of(stack: Stack, aws: Aws) -> Estate:
    """Raises Refused where the stack is older than its backups, or has only a part of a recovery region."""
    outputs = stack.outputs
    there = (outputs.dr_vault_name, outputs.dr_region, outputs.dr_key_arn)
    wanted = ["backup_vault_name", "backup_role_arn", "key_arn"]
    if any(there):
        wanted += ["dr_vault_name", "dr_region", "dr_key_arn"]
    found = {name: getattr(outputs, name, None) for name in wanted}
    missing = sorted(name for name, value in found.items() if not isinstance(value, str) or not value)
    if missing or not outputs.tables:
        raise Refused(
            f"{stack.name} exports no {', '.join(missing) or 'tables'}",
            "run `up` on the stack: it makes the vaults, their keys and the role that restores",
        )
    plan = getattr(outputs, "backup_plan_id", None)
    return Estate(
        environment=outputs.environment,
        account_id=outputs.account_id,
        tables=dict(outputs.tables),
        home=Vault(str(found["backup_vault_name"]), outputs.region, str(found["key_arn"])),
        dr=Vault(*map(str, there)) if any(there) else None,
        role_arn=str(found["backup_role_arn"]),
        plan_id=plan if isinstance(plan, str) else None,
        aws=aws,
        legacy=dict(outputs.legacy_tables),
        prefix=outputs.parameter_prefix,
    )

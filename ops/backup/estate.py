"""What is backed up and where the backups are, from the stack's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """An environment's tables and vaults. `tables`: logical -> physical names, which are their own in every region."""

    environment: str
    account_id: str
    tables: Mapping[str, str]
    home: Vault
    dr: Vault
    role_arn: str
    plan_id: str | None
    aws: Aws

    def client(self, service: str, vault: Vault | None = None) -> Any:
        """A client in the vault's region, at home by default."""
        return self.aws.client(service, (vault or self.home).region)

    def table_arn(self, physical: str, region: str | None = None) -> str:
        """A table's ARN."""
        return f"arn:aws:dynamodb:{region or self.home.region}:{self.account_id}:table/{physical}"

    def vault_arn(self, vault: Vault) -> str:
        """A vault's ARN."""
        return f"arn:aws:backup:{vault.region}:{self.account_id}:backup-vault:{vault.name}"

    def chosen(self, logical: Sequence[str] | None) -> dict[str, str]:
        """The named tables, or all. Raises WrongUse for a name that the environment does not have."""
        unknown = sorted(set(logical or ()) - self.tables.keys())
        if unknown:
            raise WrongUse(
                f"{self.environment} has no table {', '.join(unknown)}", f"name one of {', '.join(sorted(self.tables))}"
            )
        return {name: self.tables[name] for name in sorted(logical or self.tables)}

    def logical(self, physical: str) -> str | None:
        """The logical name of one of the environment's tables; None for another table."""
        return next((name for name, table in self.tables.items() if table == physical), None)


def estate_of(stack: Stack, aws: Aws) -> Estate:
    """Raises Refused where the stack is older than its backups."""
    outputs = stack.outputs
    wanted = ("backup_vault_name", "dr_vault_name", "dr_region", "backup_role_arn", "key_arn", "dr_key_arn")
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
        dr=Vault(str(found["dr_vault_name"]), str(found["dr_region"]), str(found["dr_key_arn"])),
        role_arn=str(found["backup_role_arn"]),
        plan_id=plan if isinstance(plan, str) else None,
        aws=aws,
    )

"""One environment: every stack, composed in one direction, and what it exports.

The program and the mock tests share this composition, so that what is tested is what is deployed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.api.contract import operations
from components.api.functions import ROUTED, Stores
from components.api.stack import API_FUNCTIONS, ApiStack, ApiStackArgs
from components.artefacts import Artefact, ArtefactError
from components.backup.stack import BackupStack, BackupStackArgs
from components.bedrock.models import allowed_models
from components.bedrock.stack import BedrockStack, BedrockStackArgs
from components.budget.billing import billing_services
from components.budget.definitions import Budget, bedrock_budgets, budgets_note
from components.budget.stack import BudgetStack, BudgetStackArgs, Denial
from components.commit import UNKNOWN_COMMIT
from components.config import StackConfig
from components.config.model import FunctionName
from components.data.stack import DataStack, DataStackArgs
from components.data.tables import TABLES
from components.delivery.preview_role import PreviewRole, PreviewRoleArgs
from components.delivery.stack import DeliveryStack, DeliveryStackArgs
from components.events.stack import LEGACY, EventsStack, EventsStackArgs, dead_letter_queue_name
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.lifecycle import Protection
from components.migration.stack import MigrationStack, MigrationStackArgs
from components.monitoring.stack import MonitoringStack, MonitoringStackArgs
from components.monitoring.watched import watched_backups, watched_functions, watched_models
from components.naming import Names
from components.security.rotation import SecretRotation, SecretRotationArgs
from components.security.stack import SecurityStack, SecurityStackArgs
from components.tags import default_tags


def deployed(config: StackConfig) -> tuple[FunctionName, ...]:
    """The functions of an environment: without restore testing there is nothing to validate, and so on."""
    asked: dict[FunctionName, bool] = {
        "migration": config.migration is not None,
        "validation": config.backup.restore_testing,
    }
    return (*API_FUNCTIONS, "rotation", *(function for function, wanted in asked.items() if wanted), "worker")


@dataclass(frozen=True)
class Inputs:
    """What an environment is made from: its config, the functions' zips, the public contract, and the git commit."""

    config: StackConfig
    artefacts: Mapping[str, Artefact]
    contract: Mapping[str, Any]
    commit: str = UNKNOWN_COMMIT


def provider(config: StackConfig) -> aws.Provider:
    """The one AWS provider: this region, this account and no other, and the tags of everything."""
    return aws.Provider(
        "aws",
        region=config.region,
        allowed_account_ids=[config.account_id],
        default_tags={"tags": default_tags(config)},
    )


def compose(inputs: Inputs) -> dict[str, Any]:
    """Register the whole environment and return the stack's outputs by name.

    Raises before any resource: `ArtefactError` if the manifest lacks a function, `ContractError` if the contract
    names a function that is not deployed, `UnknownBillingError` if nobody knows how a model is billed.
    """
    missing = [function for function in deployed(inputs.config) if function not in inputs.artefacts]
    if missing:
        raise ArtefactError(f"the artefact manifest lacks {', '.join(missing)}")
    # What only a component would find out, and then half way: the contract's routes and the models' billing names.
    operations(inputs.contract, ROUTED)
    billing_services(inputs.config.bedrock.model_ids)
    environment = _Environment(inputs)
    return environment.outputs()


class _Environment:
    """The stacks in their order: each takes outputs of those above it, never the other way round."""

    def __init__(self, inputs: Inputs) -> None:
        self.config, self.contract, self.commit = inputs.config, inputs.contract, inputs.commit
        self.names = Names(self.config.environment, self.config.account_id, self.config.region)
        self.protection = Protection(
            retain=self.config.protect, locked=self.config.protect and not self.config.unprotect
        )
        self.options = pulumi.ResourceOptions(providers=[provider(self.config)])
        self.security = self._security()
        self.bedrock = self._bedrock()
        self.data = self._data()
        self.delivery = self._delivery({name: inputs.artefacts[name] for name in deployed(self.config)})
        self.rotation = self._rotation()
        self.api = self._api()
        self.events = self._events()
        self.monitoring = self._monitoring()
        self.backup = self._backup()
        self.migration = self._migration()
        self.functions: Mapping[str, LambdaFunction] = {
            **{str(logical): function for logical, function in self.api.functions.items()},
            "rotation": self.rotation.function,
            **self.backup.functions,
            **({"migration": self.migration.function} if self.migration else {}),
            "worker": self.events.worker,
        }
        self._budgets()
        self.preview = self._preview()

    def _security(self) -> SecurityStack:
        config = self.config
        args = SecurityStackArgs(
            names=self.names,
            dr_region=config.dr_region,
            protection=self.protection,
            secret_recovery_days=config.secret_recovery_days,
            account_baseline=config.account_baseline,
            adopt=config.adopt,
            reports=config.backup.reports,
            machine=config.migration is not None,
        )
        return SecurityStack("security", args, self.options)

    def _bedrock(self) -> BedrockStack:
        bedrock = self.config.bedrock
        args = BedrockStackArgs(
            names=self.names,
            bedrock=bedrock,
            allowed=allowed_models(bedrock.models, self.config.region),
            key_arn=self.security.key.arn,
            record=self.config.account_baseline and bedrock.invocation_log,
        )
        return BedrockStack("bedrock", args, self.options)

    def _data(self) -> DataStack:
        config = self.config
        args = DataStackArgs(
            names=self.names,
            recovery=self.security.recovery,
            key_arn=self.security.key.arn,
            protection=self.protection,
            cors_origins=config.allowed_origins,
            bedrock=self.bedrock.entries,
            log_level=config.log_level,
            commit=self.commit,
            adopt=config.adopt,
            capacity=config.capacity,
            legacy=config.legacy_tables,
        )
        return DataStack("data", args, self.options)

    def _delivery(self, artefacts: Mapping[str, Artefact]) -> DeliveryStack:
        args = DeliveryStackArgs(
            names=self.names,
            key_arn=self.security.key.arn,
            protection=self.protection,
            artefacts=artefacts,
            adopt=self.config.adopt,
        )
        return DeliveryStack("delivery", args, self.options)

    def _rotation(self) -> SecretRotation:
        config = self.config
        function = LambdaFunctionArgs(
            names=self.names,
            code=self.delivery.code["rotation"],
            sizing=config.sizing("rotation"),
            key_arn=self.security.key.arn,
            log_retention_days=config.log_retention_days,
            alias_owner=config.alias_owner,
            component="SecurityStack",
            description="Rotates the platform's secrets",
            locked=self.protection.locked,
        )
        args = SecretRotationArgs(function, self.security.secrets, config.rotation_days)
        return SecretRotation("rotation", args, self.options)

    def _api(self) -> ApiStack:
        config = self.config
        args = ApiStackArgs(
            names=self.names,
            contract=self.contract,
            code={function: self.delivery.code[function] for function in API_FUNCTIONS},
            sizing={function: config.sizing(function) for function in API_FUNCTIONS},
            stores=Stores(self.data.tables, self.security.secrets, self.data.parameters, self.bedrock.models),
            key_arn=self.security.key.arn,
            log_retention_days=config.log_retention_days,
            alias_owner=config.alias_owner,
            cors_origins=config.allowed_origins,
            throttle=config.throttle,
            log_role=self.security.baseline,
            locked=self.protection.locked,
        )
        return ApiStack("api", args, self.options)

    def _events(self) -> EventsStack:
        config = self.config
        args = EventsStackArgs(
            names=self.names,
            code=self.delivery.code["worker"],
            sizing=config.sizing("worker"),
            tables=self.data.tables,
            parameters=self.data.parameters,
            key_arn=self.security.key.arn,
            log_retention_days=config.log_retention_days,
            alias_owner=config.alias_owner,
            locked=self.protection.locked,
        )
        return EventsStack("events", args, self.options)

    def _budget_definitions(self) -> Sequence[Budget]:
        bedrock = self.config.bedrock
        return bedrock_budgets(
            bedrock.daily_budget_usd, bedrock.monthly_budget_usd, billing_services(bedrock.model_ids)
        )

    def _monitoring(self) -> MonitoringStack:
        args = MonitoringStackArgs(
            names=self.names,
            key_arn=self.security.key.arn,
            alarm_emails=self.config.alarm_emails,
            api_name=self.api.rest_api_name,
            stage_name=self.names.environment,
            functions=watched_functions(self.config, self.names, deployed(self.config)),
            tables={table.name: table.indexes for table in TABLES.values()},
            backups=watched_backups(self.config, self.names),
            dead_letter_queues=[dead_letter_queue_name(self.names)],
            models=watched_models(self.config, self.names),
            budgets_note=budgets_note(self._budget_definitions()),
        )
        return MonitoringStack("monitoring", args, self.options)

    def _backup(self) -> BackupStack:
        config = self.config
        args = BackupStackArgs(
            names=self.names,
            recovery=self.security.recovery,
            key_arn=self.security.key.arn,
            table_arns={
                f"{logical}{suffix}": arn
                for logical, table in self.data.tables.items()
                for suffix, arn in zip(("", LEGACY), table.arns, strict=False)
            },
            topic_arn=self.monitoring.topic_arn,
            alarm_emails=config.alarm_emails,
            config=config.backup,
            protection=self.protection,
            validation=self._validation() if config.backup.restore_testing else None,
            settings=self.security.backup_settings,
            adopt=config.adopt,
        )
        return BackupStack("backup", args, self.options)

    def _validation(self) -> LambdaFunctionArgs:
        config = self.config
        return LambdaFunctionArgs(
            names=self.names,
            code=self.delivery.code["validation"],
            sizing=config.sizing("validation"),
            key_arn=self.security.key.arn,
            log_retention_days=config.log_retention_days,
            alias_owner=config.alias_owner,
            component="BackupStack",
            description="Judges the tables that AWS Backup restores to test",
            locked=self.protection.locked,
        )

    def _migration(self) -> MigrationStack | None:
        config = self.config
        if config.migration is None:
            return None
        args = MigrationStackArgs(
            names=self.names,
            sources=config.migration.sources,
            code=self.delivery.code["migration"],
            sizing=config.sizing("migration"),
            tables=self.data.tables,
            parameters=self.data.parameters,
            key_arn=self.security.key.arn,
            log_retention_days=config.log_retention_days,
            alias_owner=config.alias_owner,
            protection=self.protection,
            adopt=config.adopt.get("migration-bucket"),
        )
        return MigrationStack("migration", args, self.options)

    def _budgets(self) -> BudgetStack:
        config, assistant = self.config, self.api.functions["assistant"]
        approval = config.bedrock.budget_action
        args = BudgetStackArgs(
            names=self.names,
            budgets=self._budget_definitions(),
            topic_arn=self.monitoring.topic_arn,
            emails=config.alarm_emails,
            action=None if approval == "none" else Denial(assistant.role_name, assistant.role_arn, approval),
            watch=config.account_baseline,
            monitor_arn=config.anomaly_monitor_arn,
        )
        return BudgetStack("budget", args, self.options)

    def _preview(self) -> PreviewRole | None:
        config = self.config
        if config.preview is None:
            return None
        args = PreviewRoleArgs(
            names=self.names,
            preview=config.preview,
            account_baseline=config.account_baseline,
            recovery=self.security.recovery,
            key_arn=self.security.key.arn,
            rest_api_id=self.api.rest_api_id,
            backup_plan_id=self.backup.plan_id,
        )
        return PreviewRole("preview", args, self.options)

    def outputs(self) -> dict[str, Any]:
        """What operators, tests and tools read; no secret's value is among them."""
        return {
            **({"preview_role_arn": self.preview.role_arn} if self.preview else {}),
            "environment": self.config.environment,
            "region": self.config.region,
            "account_id": self.config.account_id,
            "api_url": self.api.api_url,
            "websocket_url": None,
            "site_url": None,
            "rest_api_id": self.api.rest_api_id,
            "stage_name": self.api.stage_name,
            "parameter_prefix": self.names.parameter_prefix,
            "functions": {
                logical: {"name": function.name, "arn": function.arn, "alias_arn": function.alias_arn}
                for logical, function in self.functions.items()
            },
            "tables": {logical: table.name for logical, table in self.data.tables.items()},
            "legacy_tables": {logical: table.name for logical, table in self.config.legacy_tables.items()},
            "file_bucket": self.data.files.bucket,
            "file_bucket_dr": self.data.files.dr_bucket,
            "secrets": {name: secret.arn for name, secret in self.security.secrets.items()},
            "cors_origins": list(self.config.allowed_origins),
            "dashboard_name": self.monitoring.dashboard_name,
            "alarm_topic_arn": self.monitoring.topic_arn,
            "backup_vault_name": self.backup.vault_name,
            "dr_vault_name": self.backup.dr_vault_name,
            "dr_region": self.config.dr_region,
            "backup_role_arn": self.backup.role_arn,
            "backup_plan_id": self.backup.plan_id,
            **(
                {"restore_testing_plan_name": self.backup.restore_testing_plan_name}
                if self.backup.restore_testing_plan_name is not None
                else {}
            ),
            **(
                {
                    "migration_bucket": self.migration.bucket,
                    "migration_state_machine_arn": self.migration.state_machine_arn,
                    "migration_sources": list(self.config.migration.sources),
                }
                if self.migration and self.config.migration
                else {}
            ),
            "bedrock_models": dict(self.bedrock.profile_arns),
            **({"invocation_log_group": log_group} if (log_group := self.bedrock.invocation_log_group) else {}),
            "key_arn": self.security.key.arn,
            "dr_key_arn": self.security.recovery.key_arn if self.security.recovery else None,
            "dead_letter_queue_url": self.events.dead_letter_queue_url,
            "artefact_bucket": self.delivery.bucket,
        }

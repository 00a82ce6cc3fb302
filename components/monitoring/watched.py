"""What of an environment is watched, from its config alone: names are known before any resource. Pure."""

from collections.abc import Iterable, Sequence

from components.backup.stack import RECOVERY_VAULT
from components.backup.vault import vault_name
from components.config import StackConfig
from components.config.model import FunctionName
from components.lambda_function import ALIAS
from components.monitoring.backup_alarms import Backups
from components.monitoring.metrics import Function, Vault
from components.monitoring.stack import ModelsWatched
from components.naming import Names


def watched_functions(config: StackConfig, names: Names, deployed: Iterable[FunctionName]) -> Sequence[Function]:
    """Every function that is deployed."""
    return [
        Function(
            logical=logical,
            name=names.function(logical),
            alias=ALIAS,
            timeout_seconds=config.sizing(logical).timeout_seconds,
            log_group=names.function_log_group(logical),
            refuses_by_error=logical == "authorizer",
            reads_streams=logical == "worker",
        )
        for logical in deployed
    ]


def watched_backups(config: StackConfig, names: Names) -> Backups:
    """The vaults; where data is retained, a day without a backup is a failure."""
    return Backups(
        environment=config.environment,
        vault=Vault(vault_name(names)),
        copies=Vault(vault_name(names, RECOVERY_VAULT)) if config.copies_backups else None,
        tests=config.backup.restore_testing,
        expected=config.protect,
    )


def watched_models(config: StackConfig, names: Names) -> ModelsWatched:
    """The allowed models, and the function that alone calls them."""
    return ModelsWatched(
        ids=config.bedrock.model_ids,
        log_group=names.function_log_group("assistant"),
        daily_budget_usd=config.bedrock.daily_budget_usd,
    )

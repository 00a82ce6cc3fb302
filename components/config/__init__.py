"""The stack's configuration: one frozen model, read in one place (`load_config`)."""

from components.config.findings import ConfigError, Finding
from components.config.model import (
    LOG_RETENTION_DAYS,
    Backup,
    Capacity,
    FunctionOverride,
    FunctionSizing,
    LegacyTable,
    Preview,
    StackConfig,
)
from components.config.source import RawConfig, load_config, pulumi_config, validate

__all__ = [
    "LOG_RETENTION_DAYS",
    "Backup",
    "Capacity",
    "ConfigError",
    "Finding",
    "FunctionOverride",
    "FunctionSizing",
    "LegacyTable",
    "Preview",
    "RawConfig",
    "StackConfig",
    "load_config",
    "pulumi_config",
    "validate",
]

"""Every resource type this cloud knows, by Pulumi type token."""

from collections.abc import Mapping
from types import MappingProxyType

from localcloud.provider.resource import ResourceType
from localcloud.provider.resources import (
    apigateway_api,
    apigateway_stage,
    appautoscaling,
    backup,
    budgets,
    cloudwatch,
    dynamodb,
    iam,
    kms,
    lambda_alias,
    lambda_function,
    lambda_permission,
    logs,
    s3,
    s3_settings,
    secretsmanager,
    sns,
    sqs,
    ssm,
)

_MODULES = (
    *(apigateway_api, apigateway_stage, appautoscaling, backup, budgets, cloudwatch, dynamodb, iam, kms),
    *(lambda_alias, lambda_function, lambda_permission, logs, s3, s3_settings, secretsmanager, sns, sqs, ssm),
)

CATALOGUE: Mapping[str, ResourceType] = MappingProxyType(
    {kind.pulumi_type: kind for module in _MODULES for kind in module.TYPES}
)

"""Every resource type this cloud knows, by Pulumi type token."""

from collections.abc import Mapping
from types import MappingProxyType

from localcloud.provider.resource import ResourceType
from localcloud.provider.resources import dynamodb, kms

_MODULES = (dynamodb, kms)

CATALOGUE: Mapping[str, ResourceType] = MappingProxyType(
    {kind.token: kind for module in _MODULES for kind in module.TYPES}
)

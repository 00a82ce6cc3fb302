"""Every resource type this cloud knows, by Pulumi type token: the `TYPES` of each module in `resources`."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from localcloud.provider import resources
from localcloud.provider.resource import ResourceType

_MODULES = tuple(
    importlib.import_module(f"{resources.__name__}.{found.name}") for found in pkgutil.iter_modules(resources.__path__)
)

CATALOGUE: Mapping[str, ResourceType] = MappingProxyType(
    {kind.pulumi_type: kind for module in _MODULES for kind in vars(module).get("TYPES", ())}
)
